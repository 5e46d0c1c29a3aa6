"""A spreadsheet filed and undone, and many petitions changed at once, while processes die."""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.chaos import points
from tests.chaos.site import Site
from tests.chaos.staff import Head, head_of, spreadsheet
from tests.chaos.table import FULL

#: As many petitions as one request changes.
MANY = 200

pytestmark = pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")


def imported(head: Head, rows: int, subject: str, *, seconds: float) -> str:
    """A file checked and filed; the batch's address."""
    batch = head.import_file(f"{subject}.csv", spreadsheet(rows, subject))
    head.wait_for(batch, "ready", seconds)
    assert head.submit(f"{batch}/registrar").status_code == 303
    head.wait_for(batch, "done", seconds)
    return batch


def filed_twice(site: Site, batch: str) -> int:
    """How many petitions there are besides one for each row."""
    rows = site.server.execute(
        "SELECT details->>'importacion', count(*) FROM petition WHERE details->>'importacion' LIKE %s GROUP BY 1",
        f"{batch.rpartition('/')[2]}:%",
    )
    return sum(int(str(count)) - 1 for _, count in rows)


@contextmanager
def workers_dying(site: Site, every: float) -> Iterator[list[str]]:
    """One worker after the other is killed; the names, as it happens."""
    ended, killed = threading.Event(), list[str]()
    names = itertools.cycle([part.name for part in site.parts if part.kind == "worker"])

    def kill() -> None:
        while not ended.wait(every):
            site.kill(name := next(names))
            killed.append(name)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


@pytest.mark.timeout(3600)
def test_every_row_is_filed_once_and_undone_once_whoever_dies(site: Site) -> None:
    rows = 50_000
    with head_of(site) as head:
        with workers_dying(site, 3) as killed:
            batch = imported(head, rows, "Pide que le arreglen", seconds=1500)
        assert len(killed) >= 10, "the workers hardly died: nothing was proved"
        assert Counter(head.report(batch)) == {"Registrada": rows}
        assert filed_twice(site, batch) == 0
        with workers_dying(site, 3):
            few = imported(head, 2_000, "Pide que le poden", seconds=600)
            assert head.submit(f"{few}/deshacer").status_code == 303
            head.wait_for(few, "undone", 600)
        assert Counter(head.report(few)) == {"Cancelada al deshacer": 2_000}
        events = site.server.execute(
            "SELECT DISTINCT count(*) FILTER (WHERE e.kind = 'filed'),"
            " count(*) FILTER (WHERE e.kind = 'status_changed')"
            " FROM petition p JOIN petition_event e ON e.petition_id = p.id"
            " WHERE p.details->>'importacion' LIKE %s GROUP BY p.id",
            f"{few.rpartition('/')[2]}:%",
        )
        assert events == [(1, 1)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("point", "stands"), [(points.MANY_CHANGED, 0), (points.ANSWER_UNSENT, MANY)])
def test_a_change_of_many_is_whole_or_none_of_it_and_is_not_made_twice(site: Site, point: str, stands: int) -> None:
    assert change_of_many(site, point) == Changed(stands, MANY, 0)


@dataclass(frozen=True)
class Changed:
    """How many petitions have what was clicked after the process died, and once it was clicked again.

    `told_twice`: how many histories tell the change more than once.
    """

    at_first: int
    in_the_end: int
    told_twice: int


def change_of_many(site: Site, point: str) -> Changed:
    """Change the priority of MANY with one click, whose process dies at a point, and click again."""
    with head_of(site) as head:
        batch = imported(head, MANY, "Pide que le pinten", seconds=300)
        mark = f"{batch.rpartition('/')[2]}:%"
        folios = [str(folio) for (folio,) in site.server.execute(
            "SELECT folio FROM petition WHERE details->>'importacion' LIKE %s", mark
        )]  # fmt: skip
        site.arm(point)
        with pytest.raises(httpx.TransportError):
            head.submit("/consola/peticiones/lote", accion="prioridad", prioridad="alta", folio=folios)
        at_first = _changed(site, mark)
        site.wait_whole()
        answer = head.submit("/consola/peticiones/lote", accion="prioridad", prioridad="alta", folio=folios)
        assert answer.status_code == 200
    twice = site.server.execute(
        "SELECT p.id FROM petition p JOIN petition_event e ON e.petition_id = p.id AND e.kind = 'edited'"
        " WHERE p.details->>'importacion' LIKE %s GROUP BY p.id HAVING count(*) > 1",
        mark,
    )
    return Changed(at_first, _changed(site, mark), len(twice))


def _changed(site: Site, mark: str) -> int:
    return len(
        site.server.execute("SELECT id FROM petition WHERE priority = 'alta' AND details->>'importacion' LIKE %s", mark)
    )
