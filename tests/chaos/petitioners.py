"""Citizens who file petitions with the real assistant, one after another, each in a conversation of their own."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.chaos.site import Site
from tests.chaos.traffic import CHANNELS, Writer

FOLIO = "Folio: AC-"
_OPENING = "quiero registrar una petición"
#: What is asked, and what a citizen then says. The first that is met counts.
_ANSWERS = (
    ("¿Está correcto?", "si"),
    ("¿En qué municipio es?", "Hermosillo"),
    ("¿En qué colonia", "Centro"),
    ("¿Cuál es su nombre completo?", "Lucía Ramos Ortiz"),
    ("¿A qué teléfono o correo", "no tengo"),
    ("Cuénteme", "el puente del arroyo se está cayendo, reporte "),
    ("aviso de privacidad", "acepto"),
    ("¿Qué prefiere?", _OPENING),
    ("¿cuál de estas quiere hacer?", _OPENING),
)
_PATIENCE_SECONDS = 240.0
_LOOK_AGAIN_SECONDS = 0.15
#: Between reading an answer and writing the next message.
_PAUSE_SECONDS = 0.3


@dataclass
class Petitioner:
    """One citizen, who answers what is asked until the petition has a folio."""

    writer: Writer

    def file(self) -> None:
        self.writer.write(_OPENING)
        heard = 0
        while True:
            said, heard = self._said_since(heard)
            if FOLIO in said:
                return
            time.sleep(_PAUSE_SECONDS)
            self.writer.write(_answer(said))

    def _said_since(self, heard: int) -> tuple[str, int]:
        """What is new, once something is asked or the folio told, and how much has been heard then."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            seen = self.writer.seen()
            said = "\n".join(seen[heard:])
            if FOLIO in said or _answer(said):
                return said, len(seen)
            time.sleep(_LOOK_AGAIN_SECONDS)
        raise TimeoutError(f"{self.writer.channel}: nothing is asked; sent {self.writer.sent}, seen {seen}")

    def asked(self, question: str) -> int:
        """How often they were asked this."""
        return sum(question in text for text in self.writer.seen())


def _answer(said: str) -> str:
    answer = next((answer for question, answer in _ANSWERS if question in said), "")
    return answer + uuid.uuid4().hex[:8] if answer.endswith(" ") else answer


@contextmanager
def petitioning(site: Site, *, each: int) -> Iterator[list[Petitioner]]:
    """On every channel, `each` at a time: when one has a folio the next comes, and those who came last finish."""
    everybody: list[Petitioner] = []
    failures: list[BaseException] = []
    is_over = threading.Event()

    def line(channel: str) -> None:
        try:
            while not is_over.is_set():
                person = Petitioner(CHANNELS[channel](site))
                everybody.append(person)
                person.file()
        except BaseException as error:  # told in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=line, args=(channel,), daemon=True) for channel in CHANNELS for _ in range(each)]
    for thread in threads:
        thread.start()
    try:
        yield everybody
    finally:
        is_over.set()
        for thread in threads:
            thread.join(_PATIENCE_SECONDS)
    if failures:
        raise failures[0]
