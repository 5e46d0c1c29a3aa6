"""Starting and stopping everything as one command does."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.end_to_end.citizen import Citizen
from tests.end_to_end.product import Product, model_path

pytestmark = pytest.mark.product


def _processes(product: Product) -> list[psutil.Process]:
    """Everything that was started: the children, and the database server, which is nobody's child."""
    assert product.process is not None
    postgres = psutil.Process(int((product.var_dir / "postgres/postmaster.pid").read_text().splitlines()[0]))
    main = psutil.Process(product.process.pid)
    return [main, *main.children(recursive=True), postgres, *postgres.children()]


def _stop(product: Product, number: signal.Signals) -> None:
    """End it by a signal, and see that nothing of it is left."""
    running = _processes(product)
    assert len(running) > 5
    assert product.process is not None
    product.process.send_signal(number)
    assert product.process.wait(60) == 0
    _, alive = psutil.wait_procs(running, timeout=10)
    assert alive == []


@contextmanager
def _of_a_terminal() -> Iterator[None]:
    """What is started within ends with its terminal, though these tests may have been started by `nohup`."""
    was = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, was)


def test_the_first_start_tells_where_everything_is(product: Product) -> None:
    told = "\n".join(product.lines)
    assert f"Listo: http://localhost:{product.port}" in told
    assert f"http://localhost:{product.port}/consola" in told
    assert product.admin_password
    for page in ("/", "/consola/entrar", "/aviso-de-privacidad", "/health/live", "/readyz", "/openapi.json"):
        assert httpx.get(f"{product.base_url}{page}").status_code == 200, page


def test_the_bot_runs_without_tensorflow(product: Product, client: httpx.Client) -> None:
    assert Citizen(client).open().say("¿a qué hora abren?")
    (bot,) = product.children("rasa")
    held = [mapped.path for mapped in bot.memory_maps()]
    assert any("numpy" in path for path in held), "what it holds is seen"
    assert not [path for path in held if "tensorflow" in path or "matplotlib" in path]


def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = os.environ | {"VAR_DIR": str(tmp_path), "PORT": str(taken.getsockname()[1])}
        command = [sys.executable, "-m", "backend.run", "--model", str(model_path())]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode != 0
    assert "No se puede usar el puerto" in run.stderr
    assert not (tmp_path / "postgres").exists()


def test_logs_carry_no_words_of_the_citizen(product: Product, client: httpx.Client) -> None:
    citizen = Citizen(client).open()
    citizen.say("quiero registrar una petición")
    citizen.say("acepto")
    citizen.say("me llamo Zacarías Quihuis y vivo en la calle Xochiquetzal")
    citizen.say("mi esposo me golpea y tengo miedo en Xochiquetzal")
    told = "\n".join(product.lines)
    assert "worker_started" in told, "the logs are read"
    for word in ("Zacarías", "Quihuis", "Xochiquetzal", "golpea"):
        assert word not in told


@pytest.fixture
def started_again(product: Product) -> Iterator[None]:
    """Whatever becomes of the product meanwhile, the tests that follow find it running."""
    yield
    assert product.process is not None
    if product.process.poll() is not None:
        product.start()


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("started_again")
def test_everything_stops_with_ctrl_c_or_its_terminal_and_the_talk_goes_on_at_the_next_start(
    product: Product, client: httpx.Client
) -> None:
    # SIGTERM, which is handled alike, is how every other test here ends its product (`Product.stop`).
    citizen = Citizen(client).open()
    citizen.say("quiero registrar una petición")
    citizen.say("acepto")
    _stop(product, signal.SIGINT)
    assert [line for line in product.lines if "Unclosed" in line] == []

    with _of_a_terminal():
        product.start()
    said = citizen.say("no hay luz en toda la cuadra desde el martes")
    assert "municipio" in said[-1]["text"]
    assert not any("contraseña de un solo uso" in line for line in product.lines[-6:])

    _stop(product, signal.SIGHUP)
