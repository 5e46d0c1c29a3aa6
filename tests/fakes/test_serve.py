"""The program that serves both by hand."""

import re
import signal
import subprocess
import sys

import httpx


def test_serves_both_until_interrupted() -> None:
    command = [sys.executable, "-m", "tests.fakes.serve", "--twilio-port", "0", "--telegram-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Listo."):
            lines.append(process.stdout.readline())
        pages = re.findall(r"http://\S+/_citizen", "".join(lines))
        try:
            assert [httpx.get(page).status_code for page in pages] == [200, 200]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "Terminado.\n"
