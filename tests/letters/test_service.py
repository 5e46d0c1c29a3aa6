"""Letters of real petitions: their numbers, their versions, their files, one click and many."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import Role, User
from backend.catalog.models import Agency
from backend.conversations.files import FileStore
from backend.db import Database
from backend.letters import batch, bundles, queries, service, stationery, templates
from backend.letters.errors import (
    AlreadyLettered,
    LetterNotFound,
    LetterRefused,
    StationeryRefused,
    TemplateChanged,
    TemplateRefused,
)
from backend.letters.models import Letter, LetterCounter, LetterKind, LetterTemplate, Series
from backend.letters.service import LetterOrder
from backend.mail import service as mail
from backend.mail.models import EmailMessage
from backend.registry import petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Petition,
    PetitionEvent,
    PetitionKind,
)
from backend.settings import Settings
from backend.turns import service as turns
from backend.turns.models import Turn, TurnOutcome
from tests.conversations.conftest import add_agent
from tests.letters.documents import docx_text, pages_of
from tests.registry.turned import agency

YEAR = clock.local(clock.now()).year


@pytest.fixture
async def hilda(database: Database) -> User:
    user_id = await add_agent(database, "Hilda", role=Role.HEAD)
    async with database.transaction() as session:
        return await session.get_one(User, user_id)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


@pytest.fixture
def files(settings: Settings) -> FileStore:
    return FileStore(settings.attachments_dir, max_bytes=settings.attachment_max_bytes)


async def turned(
    session: AsyncSession, hilda: User, *keys: str, name: str | None = "María Núñez", kind: str = "queja"
) -> tuple[Petition, list[Turn]]:
    new = petitions.NewPetition(
        kind=PetitionKind(kind),
        channel=EntryChannel.CALL_CENTER,
        narrative="No hay agua en mi colonia <b>{folio}</b>",
        name=name,
        phone="+526621234567" if name else None,
        municipality_id="26030",
        colonia="Las Quintas",
    )
    petition = await petitions.file(session, new, actor=ActorKind.BOT)
    orders = [turns.TurnOrder(await agency(session, key), f"Revisar en {key}") for key in keys]
    made = await turns.turn(session, petition, orders, user_id=hilda.id) if orders else []
    return petition, made


async def _numbers(session: AsyncSession, series: Series = Series.OFICIO) -> list[int]:
    return list(await session.scalars(select(Letter.number).where(Letter.series == series).order_by(Letter.number)))


async def test_an_oficio_from_draft_to_cancelled(session: AsyncSession, files: FileStore, hilda: User) -> None:
    water = await session.get_one(Agency, await agency(session))
    water.liaison_name, water.liaison_title = "Ing. Jesús Ibáñez", "Director de Operación"
    water.liaison_email = "enlace@cea.example"
    petition, (turn, other) = await turned(session, hilda, "cea", "salud")
    order = LetterOrder(LetterKind.OFICIO, turn.id)
    drafted = await service.draft(session, petition, order)
    assert drafted.document.reference == f"CEAC/DAG/____/{YEAR}"
    assert drafted.document.addressee == ("Ing. Jesús Ibáñez", "Director de Operación", water.name)
    assert drafted.missing == ("correo", "referencia")
    assert await session.get(LetterCounter, (Series.OFICIO, YEAR)) is None, "a draft takes no number"

    letter = await service.make(session, files, petition, order, user=hilda)
    assert letter.reference == f"CEAC/DAG/0001/{YEAR}"
    assert await service.make(session, files, petition, order, user=hilda) is letter
    with pytest.raises(AlreadyLettered):
        await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, turn.id), user=hilda)
    stored = await service.files_of(session, letter.id)
    pdf = files.path(stored.pdf.sha256).read_bytes()
    (page,) = pages_of(pdf)
    for text in (page, docx_text(files.path(stored.docx.sha256).read_bytes())):
        for part in (letter.reference, petition.folio, "Revisar en cea", "<b>{folio}</b>", "662 123 4567"):
            assert part in text
    assert (stored.pdf.file_name, stored.pdf.size) == (f"CEAC-DAG-0001-{YEAR}.pdf", len(pdf))

    with pytest.raises(LetterRefused):
        await service.cancel(session, letter.id, " ", user=hilda)
    await service.cancel(session, letter.id, "Iba a otra dependencia", user=hilda)
    await service.cancel(session, letter.id, "Otra razón", user=hilda)
    assert letter.cancel_reason == "Iba a otra dependencia"
    assert files.path(stored.pdf.sha256).is_file()
    again = await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, turn.id), user=hilda)
    assert (again.number, await service.live_of_turn(session, turn.id)) == (2, again)
    await turns.send_back(session, petition, other, "No es de salud", user_id=hilda.id)
    with pytest.raises(LetterRefused):
        await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, other.id), user=hilda)
    assert await _numbers(session) == [1, 2]
    events = await session.scalars(
        select(PetitionEvent.text)
        .where(PetitionEvent.petition_id == petition.id, PetitionEvent.detail.has_key("letter_id"))
        .order_by(PetitionEvent.id)
    )
    assert list(events) == [
        f"Oficio de canalización CEAC/DAG/0001/{YEAR}",
        f"CEAC/DAG/0001/{YEAR}, al enlace",
        f"Se canceló el documento CEAC/DAG/0001/{YEAR}: Iba a otra dependencia",
        f"Oficio de canalización CEAC/DAG/0002/{YEAR}",
        f"CEAC/DAG/0002/{YEAR}, al enlace",
    ]
    mails = (await mail.of_turns(session, [turn.id]))[turn.id]
    told, first, gone, second = [(one.subject, [file["sha256"] for file in one.attachments]) for one in mails]
    assert told[1] == []
    assert first == (f"Oficio {letter.reference} de la petición con folio {petition.folio}", [letter.pdf_sha256])
    assert gone == (f"Se canceló el oficio {letter.reference} de la petición con folio {petition.folio}", [])
    assert second[1] == [again.pdf_sha256], "once each, though it was asked for twice"
    rows = await queries.of_petition(session, petition.id)
    assert [(row.letter.number, bool(row.letter.cancelled_at)) for row in rows] == [(2, False), (1, True)]
    assert len((await queries.made(session, typed="dag/0001")).rows) == 1


async def test_letters_to_the_citizen(session: AsyncSession, files: FileStore, hilda: User) -> None:
    petition, (water, _, wrong) = await turned(session, hilda, "cea", "salud", "dif")
    (await session.get_one(Agency, water.agency_id)).liaison_email = "enlace@cea.example"
    await turns.send_back(session, petition, wrong, "No es del DIF", user_id=hilda.id)
    letter = await service.make(session, files, petition, LetterOrder(LetterKind.ATTENTION), user=hilda)
    assert (letter.reference, letter.addressee) == (f"CEAC/CA/0001/{YEAR}", "María Núñez")
    stored = await service.files_of(session, letter.id)
    (page,) = pages_of(files.path(stored.pdf.sha256).read_bytes())
    assert "Comisión Estatal del Agua y Secretaría de Salud Pública" in page
    with pytest.raises(LetterRefused, match="texto propio"):
        await service.make(session, files, petition, LetterOrder(LetterKind.AUDIENCE), user=hilda)
    await service.make(session, files, petition, LetterOrder(LetterKind.AUDIENCE, text="Lunes, 10:00."), user=hilda)
    conclusion = LetterOrder(LetterKind.CONCLUSION)
    with pytest.raises(LetterRefused, match="texto propio"):
        await service.make(session, files, petition, conclusion, user=hilda)
    await turns.answer(session, petition, water, "Se reparó la fuga", TurnOutcome.ATTENDED, user_id=hilda.id)
    await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, water.id), user=hilda)
    assert (await mail.of_turns(session, [water.id]))[water.id] == [], "who has answered is not asked again"
    answered = await service.make(session, files, petition, conclusion, user=hilda)
    assert "Se reparó la fuga" in pages_of(files.path(answered.pdf_sha256).read_bytes())[0]
    assert await _numbers(session, Series.CARTA) == [1, 2, 3], "what was refused took no number"
    nobody, (turn,) = await turned(session, hilda, "cea", name=None)
    with pytest.raises(LetterRefused, match="anónima"):
        await service.make(session, files, nobody, LetterOrder(LetterKind.ATTENTION), user=hilda)
    with pytest.raises(LetterRefused, match="Elija el turno"):
        await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, turn.id), user=hilda)
    with pytest.raises(LetterNotFound):
        await service.files_of(session, uuid4())


async def test_a_letter_keeps_its_version_and_nothing_of_it_changes(
    database: Database, files: FileStore, hilda: User
) -> None:
    async with database.transaction() as session:
        petition, _ = await turned(session, hilda)
        first = await service.make(session, files, petition, LetterOrder(LetterKind.ATTENTION), user=hilda)
        kept = files.path(first.pdf_sha256).read_bytes()
        with pytest.raises(TemplateRefused, match="Quiso decir"):
            await templates.save(session, hilda, LetterKind.ATTENTION, subject="A", body="{foli}", based_on=1)
        two = await templates.save(session, hilda, LetterKind.ATTENTION, subject="A", body="Otro {folio}", based_on=1)
        same = await templates.save(session, hilda, LetterKind.ATTENTION, subject="A", body="Otro {folio}", based_on=1)
        assert (two.version, same.id) == (2, two.id)
        with pytest.raises(TemplateChanged):
            await templates.save(session, hilda, LetterKind.ATTENTION, subject="A", body="Mío", based_on=1)
        second = await service.make(session, files, petition, LetterOrder(LetterKind.ATTENTION), user=hilda)
        assert (first.template_id == second.template_id, second.template_id) == (False, two.id)
        back = await templates.restore(session, hilda, LetterKind.ATTENTION, 1)
        assert (back.version, back.body) == (3, templates.brought(LetterKind.ATTENTION)[1])
        marks = {mark.value for mark, _ in templates.differences(two, back)}
        assert marks == {"added", "removed", "same"}
        assert files.path(first.pdf_sha256).read_bytes() == kept
        await service.cancel(session, second.id, "Repetida", user=hilda)
    for change in (
        update(Letter).where(Letter.id == first.id).values(reference="X"),
        update(Letter).where(Letter.id == first.id).values(cancelled_at=clock.now(), subject="X"),
        update(Letter).where(Letter.id == second.id).values(cancelled_at=None, cancel_reason=""),
        delete(Letter).where(Letter.id == first.id),
        update(LetterTemplate).where(LetterTemplate.version == 1).values(body="X"),
    ):
        with pytest.raises(DBAPIError, match="never changed nor deleted"):
            async with database.transaction() as session:
                await session.execute(change)


async def test_numbers_have_no_gap_when_many_are_made_at_once(
    database: Database, files: FileStore, hilda: User
) -> None:
    """Some fail after their number was taken: it goes to another."""
    async with database.transaction() as session:
        made = [(await turned(session, hilda, "cea")) for _ in range(8)]

    async def one(petition_id: UUID, turn_id: UUID, number: int) -> None:
        async with database.transaction() as session:
            petition = await session.get_one(Petition, petition_id, with_for_update=True)
            await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, turn_id), user=hilda)
            if number % 3 == 0:
                raise ZeroDivisionError

    work = [one(petition.id, turn.id, number) for number, (petition, (turn,)) in enumerate(made)]
    await asyncio.gather(*work, return_exceptions=True)
    async with database.transaction() as session:
        assert await _numbers(session) == [1, 2, 3, 4, 5]


async def test_a_batch_makes_each_once_and_tells_what_it_could_not(
    database: Database, files: FileStore, hilda: User
) -> None:
    async with database.transaction() as session:
        _, (first,) = await turned(session, hilda, "cea")
        acts, (second,) = await turned(session, hilda, "registro-civil", kind="registro_civil")
        petition, (done, gone) = await turned(session, hilda, "salud", "cea")
        has_one = await service.make(session, files, petition, LetterOrder(LetterKind.OFICIO, done.id), user=hilda)
        rows, total = await batch.waiting(session)
        assert ({row.turn.id for row in rows}, total) == ({first.id, second.id, gone.id}, 3)
        await turns.withdraw(session, petition, gone, "Ya no", user_id=hilda.id)
    key = uuid4()
    ids = [first.id, first.id, second.id, done.id, gone.id, uuid4()]
    # Twice at once, and once more: a nervous hand.
    await asyncio.gather(*(batch.make_all(database, files, key, ids, user=hilda) for _ in range(2)))
    await batch.make_all(database, files, key, ids, user=hilda)
    async with database.transaction() as session:
        told = await batch.outcomes(session, key)
        assert [bool(one.reference) for one in told] == [True, True, False, False, False]
        assert has_one.reference in told[2].problem
        assert "se retiró" in told[3].problem
        assert told[4].problem == "No existe ese turno."
        assert await _numbers(session) == [1, 2, 3]
        letters = await batch.letters_of(session, key)
        assert {one.letter.kind for one in letters} == {LetterKind.OFICIO, LetterKind.CIVIL_REGISTRY}
        with zipfile.ZipFile(BytesIO(await bundles.archive(files, letters))) as packed:
            assert len(packed.namelist()) == 4
            assert packed.testzip() is None
            assert acts.folio in " ".join(pages_of(packed.read(f"CEAC-DAG-0003-{YEAR}.pdf")))
        assert (await batch.waiting(session))[1] == 0
        await service.cancel(session, has_one.id, "Se hizo mal", user=hilda)
        assert [row.turn.id for row in (await batch.waiting(session))[0]] == [done.id]
    with pytest.raises(LetterRefused):
        await batch.make_all(database, files, uuid4(), [], user=hilda)


async def test_a_batch_whose_web_was_killed_is_ended_by_pressing_again(
    database: Database, files: FileStore, hilda: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        _, made = await turned(session, hilda, "salud", "cea", "registro-civil")
        await session.execute(update(Agency).values(liaison_name="Luz Soto", liaison_email="enlace@cea.example"))
    ids, key = [one.id for one in made], uuid4()
    make, after = service.make, iter((True, False))

    async def dies(*what: Any, **named: Any) -> Letter:
        """With the number taken and the files written, before the commit."""
        letter = await make(*what, **named)
        if not next(after):
            raise _Killed
        return letter

    with monkeypatch.context() as patched:
        patched.setattr(service, "make", dies)
        with pytest.raises(_Killed):
            await batch.make_all(database, files, key, ids, user=hilda)
    await batch.make_all(database, files, key, ids, user=hilda)
    async with database.transaction() as session:
        assert await _numbers(session) == [1, 2, 3]
        assert all(one.reference for one in await batch.outcomes(session, key))
        mails = (await session.scalars(select(EmailMessage.turn_id))).all()
        assert sorted(map(str, mails)) == sorted(map(str, ids)), "each liaison is written to once"


class _Killed(BaseException):
    """As if the process had ended here."""


async def test_the_letterhead_and_how_numbers_are_written(session: AsyncSession, files: FileStore, hilda: User) -> None:
    petition, _ = await turned(session, hilda)
    for prefix in ("", "ceac dag", "CEAC//X", "CEAC/CA", "X" * 31):
        with pytest.raises(StationeryRefused):
            await stationery.change_series(session, hilda, Series.OFICIO, prefix=prefix, year=YEAR)
    await stationery.change_series(session, hilda, Series.CARTA, prefix="ceac/cartas", year=YEAR, last_on_paper=41)
    letter = await service.make(session, files, petition, LetterOrder(LetterKind.ATTENTION), user=hilda)
    assert letter.reference == f"CEAC/CARTAS/0042/{YEAR}"
    with pytest.raises(StationeryRefused, match="Este año ya hay"):
        async with session.begin_nested():
            await stationery.change_series(
                session, hilda, Series.CARTA, prefix="CEAC/CARTAS", year=YEAR, last_on_paper=10
            )
    await stationery.change_series(session, hilda, Series.CARTA, prefix="CEAC/OTRA", year=YEAR)
    with pytest.raises(StationeryRefused, match="otra serie"):
        await stationery.change_series(session, hilda, Series.OFICIO, prefix="CEAC/CARTAS", year=YEAR)
    typed = {name: getattr(await stationery.letterhead(session), name) for name in stationery.LETTERHEAD_TEXTS}
    with pytest.raises(StationeryRefused):
        await stationery.change_letterhead(session, hilda, typed | {"office": " "})
    await stationery.change_letterhead(session, hilda, typed | {"signer_name": "Mtra. Peña"})
    second = await service.make(session, files, petition, LetterOrder(LetterKind.ATTENTION), user=hilda)
    assert second.number == 43, "another prefix goes on counting"
    (page,) = pages_of(files.path(second.pdf_sha256).read_bytes())
    assert "Mtra. Peña" in page
    assert "Mtra. Peña" not in pages_of(files.path(letter.pdf_sha256).read_bytes())[0]
