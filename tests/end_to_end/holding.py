"""Conversation files held with the running product, many at once, on one channel."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from tests.end_to_end.conversation import Script, Talk, load
from tests.end_to_end.office import ProductOffice
from tests.end_to_end.product import Product
from tests.end_to_end.speaker import Speaker
from tests.end_to_end.stand_ins import StandIns
from tests.end_to_end.telephone import TelephoneCitizen

CHANNELS = ("web", "whatsapp", "telegram")
#: Enough that one conversation's pauses are another's turns; the bot has one process.
AT_ONCE = 6
_numbers = itertools.count(1)


@dataclass
class Hall:
    """Where conversations are held: the product, its staff and the vendors' stand-ins."""

    product: Product
    client: httpx.Client
    staff: httpx.Client
    stand_ins: StandIns
    #: Each channel's seconds and number of files.
    took: dict[str, tuple[float, int]] = field(default_factory=dict)
    #: The office opens and closes for all: one channel at a time.
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, channel: str, paths: Sequence[Path]) -> dict[Path, Future[None]]:
        """Begin to hold files on a channel, in a thread of its own; each file's future ends as its talk does."""
        outcomes: dict[Path, Future[None]] = {path: Future() for path in paths}
        threading.Thread(target=self._hold_all, args=(channel, outcomes), daemon=True).start()
        return outcomes

    def _hold_all(self, channel: str, outcomes: dict[Path, Future[None]]) -> None:
        scripts = _loaded(outcomes)
        with self._one_at_a_time, psycopg.connect(self.product.database_url, autocommit=True) as connection:
            began = time.monotonic()
            office = ProductOffice(connection, channel)
            for group in _groups(scripts):
                self.product.set_office(group[0].office)
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    for script in group:
                        new_citizen = self._new_citizen(channel, office, hides_phone=_tells_contact(script))
                        talk = Talk(script, self.product, self.client, self.staff, new_citizen=new_citizen)
                        pool.submit(_settle, outcomes[script.path], talk.run)
            self.took[channel] = (time.monotonic() - began, len(outcomes))

    def _new_citizen(self, channel: str, office: ProductOffice, *, hides_phone: bool) -> Callable[[], Speaker] | None:
        """None: the web chat's. `hides_phone`: who does not let WhatsApp tell their telephone is asked for one."""

        def on_whatsapp() -> Speaker:
            number = f"+521999{next(_numbers):07}"
            telephone = self.stand_ins.twilio.citizen(number, name="Ciudadana", hides_phone=hides_phone)
            return TelephoneCitizen(telephone, office)

        def on_telegram() -> Speaker:
            return TelephoneCitizen(self.stand_ins.telegram.citizen("Ciudadana"), office)

        return {"web": None, "whatsapp": on_whatsapp, "telegram": on_telegram}[channel]


def _tells_contact(script: Script) -> bool:
    """Whether the citizen of a file is asked for a telephone or an e-mail, which WhatsApp's number would spare them."""
    told = [str(step.get("citizen", "")) for step in script.steps]
    asked = " ".join(str(step.get("bot", "")) for step in script.steps)
    is_told = any("@" in words or sum(map(str.isdigit, words)) >= 7 or "no tengo" in words for words in told)
    return is_told or re.search(r"tel[eé]fono|correo|contacto", asked, re.IGNORECASE) is not None


def _loaded(outcomes: dict[Path, Future[None]]) -> list[Script]:
    """The files that can be read; the others' futures end here."""
    scripts = []
    for path, outcome in outcomes.items():
        try:
            scripts.append(load(path))
        except Exception as error:
            outcome.set_exception(error)
    return scripts


def _groups(scripts: Sequence[Script]) -> list[list[Script]]:
    """Those that may be held at the same time: the office is one, and open or closed for all."""
    groups = [
        [script for script in scripts if script.office == office and not script.moves_office]
        for office in sorted({script.office for script in scripts}, reverse=True)
    ]
    return [group for group in groups if group] + [[script] for script in scripts if script.moves_office]


def _settle(outcome: Future[None], work: Callable[[], None]) -> None:
    try:
        work()
    except BaseException as error:
        outcome.set_exception(error)
    else:
        outcome.set_result(None)
