"""The daily round: what is due and nothing else, holds, terms within bounds, blocked data opened with a reason."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Role
from backend.app import create_app
from backend.audit.models import AdminEvent
from backend.conversations import service as conversations
from backend.conversations.files import FileStore
from backend.conversations.models import Conversation, Message
from backend.db import Database
from backend.dossier import service as dossier
from backend.errors import InvalidInput
from backend.holdings import wiping
from backend.imports.models import BatchState, ImportBatch, ImportRow
from backend.learning.models import Understanding
from backend.mail import service as mail
from backend.mail.models import EmailMessage, MailState
from backend.messaging.models import ChannelAccount, UnreadableWebhook
from backend.outbox.models import Delivery, DeliveryState
from backend.registry import petitions, queries
from backend.registry.models import (
    ActorKind,
    DraftState,
    EntryChannel,
    Person,
    Petition,
    PetitionDraft,
    PetitionKind,
    PetitionStatus,
)
from backend.registry.petitions import NewPetition
from backend.registry.queries import PetitionFilter
from backend.reports.computing import compute
from backend.reports.definitions import REPORTS
from backend.reports.periods import Period
from backend.retention import blocking, documentation, jobs, rules
from backend.retention.blocking import Thing
from backend.retention.models import RetentionRun
from backend.retention.rules import Terms
from backend.settings import Settings
from backend.telephony.models import CallEvent, RecordingState, VoiceRecording
from tests.holdings.planting import plant
from tests.staff import add_staff, sign_in

#: Longer ago than any rule keeps anything, but for what is blocked.
LONG_AGO = timedelta(days=6 * 365)


async def test_a_round_takes_what_is_due_once_and_leaves_what_is_held(database: Database, settings: Settings) -> None:
    await add_staff(database, "hilda", Role.ADMIN)
    store = FileStore(settings.attachments_dir, max_bytes=10_000)
    folder = settings.var_dir / "imports"
    folder.mkdir(parents=True)
    await _aged(database)
    (folder / ("f" * 64)).write_bytes(b"nombres")
    around = jobs.Round(database, store, folder)
    due = await jobs.plan(database)
    assert due == dict.fromkeys(due, 1) | {"conversaciones_vaciadas": 0, "personas_suprimidas": 0}
    figures = await _figures(database)
    async with database.transaction() as session:
        head = await agents.find_user(session, "hilda")
        petition_id = await session.scalar(select(Petition.id))
        assert petition_id is not None
        held = await blocking.hold(session, head, Thing.PETITION, petition_id, "Juicio de amparo 12/2026")
    kept = await jobs.plan(database)
    assert {name for name, count in kept.items() if count} == {"ilegibles_borrados", "importaciones_vaciadas"}
    async with database.transaction() as session:
        await blocking.lift(session, head, held.id)
    night = clock.local(clock.now()).replace(hour=3)
    with clock.pinned(night):
        assert await jobs.run_daily(around) == due | {"archivos_sueltos_borrados": 0}
        assert await jobs.run_daily(around) is None, "once a day"
    with clock.pinned(night + timedelta(days=366)):
        again = await jobs.run(around)
        assert {name for name, count in again.items() if count} == {"conversaciones_vaciadas"}
    await _check_gone(database)
    assert not list(folder.iterdir())
    assert await _figures(database) == figures, "reports count the same"


async def test_a_round_that_was_killed_is_told_of_by_the_one_that_goes_on(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = await _around(database, settings)
    due = await jobs.plan(database)
    whole = jobs.JOBS
    dying = replace(whole[-1], do=_die)
    monkeypatch.setattr(jobs, "JOBS", (*whole[:-1], dying))
    with pytest.raises(_Killed):
        await jobs.run(around)
    monkeypatch.setattr(jobs, "JOBS", whole)
    told = due | {"archivos_sueltos_borrados": 0}
    assert await jobs.run(around) == told
    assert await jobs.run(around) == dict.fromkeys(told, 0), "each row is told of once"
    async with database.transaction() as session:
        run = (await session.scalars(select(RetentionRun))).one()
        trail = await session.scalars(select(AdminEvent).where(AdminEvent.kind == "retention_run").order_by("id"))
        assert run.counts == told
        assert [told.items() <= event.detail.items() for event in trail] == [True, False]


async def test_the_bot_forgets_who_fell_silent_long_before_their_messages_go(
    database: Database, settings: Settings
) -> None:
    around = await _around(database, settings)
    for days, remembered in ((29, 2), (31, 1)):
        moment = clock.now()
        async with database.transaction() as session:
            await session.execute(
                update(Conversation).values(last_message_at=moment, rasa_turn_at=moment - timedelta(days=days))
            )
        await jobs.run(around)
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT count(*) FROM rasa.events")) == remembered, days
            assert "" not in (await session.scalars(select(Message.text))).all()
    assert (await jobs.plan(database))["memorias_borradas"] == 0


async def test_of_two_workers_one_has_the_round(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = await _around(database, settings)
    due = await jobs.plan(database)
    is_at_work, may_go_on = asyncio.Event(), asyncio.Event()
    first = jobs.JOBS[0]

    async def slowly(*what: Any) -> list[str]:
        is_at_work.set()
        await may_go_on.wait()
        return await first.do(*what)

    monkeypatch.setattr(jobs, "JOBS", (replace(first, do=slowly), *jobs.JOBS[1:]))
    with clock.pinned(clock.local(clock.now()).replace(hour=3)):
        had = asyncio.create_task(jobs.run_daily(around))
        await is_at_work.wait()
        assert await jobs.run_daily(around) is None
        may_go_on.set()
        assert await had == due | {"archivos_sueltos_borrados": 0}


async def test_a_step_comes_by_each_row_once_a_handful_at_a_time(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = await _around(database, settings)
    async with database.transaction() as session:
        for number in range(4):
            await conversations.open_conversation(
                session, channel="web", account="portal", external_user_id=f"sesion {number}"
            )
        await session.execute(update(Conversation).values(rasa_turn_at=clock.now() - LONG_AGO))
        all_of_them = set(await session.scalars(select(Conversation.id)))
    handfuls: list[list[UUID]] = []

    async def look_on(_: Any, __: Any, rows: Sequence[Conversation], ___: Any) -> list[str]:
        handfuls.append([one.id for one in rows])
        return []

    monkeypatch.setattr(jobs, "BATCH", 2)
    step = next(one for one in jobs.JOBS if one.name == "memorias_borradas")
    monkeypatch.setattr(jobs, "JOBS", (replace(step, do=look_on),))
    counts = await jobs.run(around)
    assert counts is not None and counts[step.name] == 5
    assert [len(one) for one in handfuls] == [2, 2, 1]
    assert {one for handful in handfuls for one in handful} == all_of_them


class _Killed(BaseException):
    """As if the process had ended here."""


async def _die(*_: Any) -> list[str]:
    raise _Killed


async def _around(database: Database, settings: Settings) -> jobs.Round:
    """A round that has one row to take by most of its rules."""
    folder = settings.var_dir / "imports"
    folder.mkdir(parents=True)
    await add_staff(database, "hilda", Role.ADMIN)
    await _aged(database)
    return jobs.Round(database, FileStore(settings.attachments_dir, max_bytes=10_000), folder)


async def test_files_that_no_row_names_are_gone_after_a_day(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_staff(database, "ana")
    monkeypatch.setattr(wiping, "AT_ONCE", 2)
    store = FileStore(tmp_path, max_bytes=10_000)
    names = ("loose", "loose too", "of a letter", "of an e-mail", "of today")
    kept = {name: await store.keep_made(name.encode(), f"{name}.pdf", "application/pdf") for name in names}
    (tmp_path / "upload-x").write_bytes(b"half")
    async with database.transaction() as session:
        ana = await agents.find_user(session, "ana")
        await dossier.stage(session, kept["of a letter"], user_id=ana.id)
        sent = (kept["of an e-mail"],)
        await mail.enqueue(session, to_address="a@b.example", subject="Informe", text="Va.", attachments=sent)
    yesterday = (clock.now() - timedelta(hours=25)).timestamp()
    for path in tmp_path.iterdir():
        if path != store.path(kept["of today"].sha256):
            os.utime(path, (yesterday, yesterday))
    assert await wiping.sweep(database, store) == 3
    assert {path.name for path in tmp_path.iterdir()} == {kept[name].sha256 for name in names[2:]}
    assert await wiping.sweep(database, store) == 0


async def _check_gone(database: Database) -> None:
    async with database.transaction() as session:
        assert (await session.scalars(select(Message.text))).all() == [""]
        assert (await session.scalars(select(Understanding.masked_text))).all() == [None]
        assert (await session.scalars(select(PetitionDraft.fields))).all() == [{}]
        assert (await session.scalars(select(ImportRow.fields))).all() == [{}]
        assert (await session.scalars(select(EmailMessage.to_address))).all() == [""]
        assert not (await session.scalars(select(UnreadableWebhook))).all()
        assert (await session.scalars(select(Petition.narrative))).all() != [""], "a petition is blocked, and stays"
        assert await session.scalar(text("SELECT count(*) FROM rasa.events")) == 1, "the bot forgets it too"
        run = (await session.scalars(select(RetentionRun).order_by(RetentionRun.day))).all()
        trail = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == "retention_run"))).all()
        assert [len(run), len(trail)] == [2, 2]
        assert trail[0].detail["peticiones_bloqueadas"] == 1


async def _aged(database: Database) -> None:
    """Everything of a person's, concluded and sent so long ago, and what nobody could read."""
    long_ago = clock.now() - LONG_AGO
    async with database.transaction() as session:
        await plant(session)
        await session.execute(text("CREATE TABLE rasa.events (sender_id varchar, data text)"))
        await session.execute(
            text("INSERT INTO rasa.events SELECT id::text, 'x' FROM conversation UNION SELECT '', ''")
        )
        session.add(UnreadableWebhook(url="https://x.example", body=b"Luz", reason="firma", created_at=long_ago,
                                      account_id=await session.scalar(select(ChannelAccount.id).limit(1))))  # fmt: skip
        await session.execute(
            update(Conversation).values(last_message_at=long_ago, rasa_turn_at=long_ago, owner="closed")
        )
        await session.execute(update(Petition).values(concluded_at=long_ago, status=PetitionStatus.CANCELADA))
        await session.execute(update(PetitionDraft).values(updated_at=long_ago, state=DraftState.FILED))
        await session.execute(
            update(ImportBatch).values(state=BatchState.DONE, finished_at=long_ago, sha256="f" * 64, file_name="a.xlsx")
        )
        await session.execute(update(EmailMessage).values(created_at=long_ago, state=MailState.SENT))
        await session.execute(update(Delivery).values(created_at=long_ago, state=DeliveryState.SENT))
        await session.execute(update(Understanding).values(created_at=long_ago))
        await session.execute(
            update(VoiceRecording).values(created_at=long_ago, state=RecordingState.STORED, is_forgotten=True)
        )
        await session.execute(update(CallEvent).values(at=long_ago))


async def _figures(database: Database) -> dict[str, object]:
    """Every figure of every report, of this year."""
    year = Period.year(clock.local(clock.now()).year)
    async with database.transaction() as session:
        return {key: dict((await compute(session, report, year)).totals) for key, report in REPORTS.items()}


async def test_terms_have_bounds_and_what_is_blocked_opens_with_a_reason(
    database: Database, settings: Settings
) -> None:
    await add_staff(database, "ana")
    await add_staff(database, "adela", Role.ADMIN)
    app = create_app(settings)
    ana, adela = await sign_in(app, "ana"), await sign_in(app, "adela")
    assert (await ana.get("/consola/conservacion")).status_code == 403
    page = await adela.get("/consola/conservacion")
    assert all(rule.what in page.text for rule in rules.RULES)
    assert (await adela.submit("/consola/conservacion", keep_grabaciones="5")).status_code == 422
    assert (await adela.submit("/consola/conservacion", keep_grabaciones="60")).status_code == 303
    async with database.transaction() as session:
        assert (await rules.terms(session))["grabaciones"] == Terms(60, 0)
        admin = await agents.find_user(session, "adela")
        with pytest.raises(InvalidInput):
            await rules.change(session, admin, {"conversaciones": Terms(730, 0)})
        conversation = await conversations.open_conversation(
            session, channel="web", account="portal", external_user_id="sesion"
        )
        new = NewPetition(
            PetitionKind.PETICION, EntryChannel.CHAT_SONORA, "Bache en mi calle", name="Luz Soto",
            conversation_id=conversation.id,
        )  # fmt: skip
        petition = await petitions.file(session, new, actor=ActorKind.CITIZEN)
        conversation.last_message_at = clock.now() - LONG_AGO
        blocking.block(None, [petition], [conversation])
    folio, chat = f"/consola/peticiones/{petition.folio}", f"/api/console/conversations/{conversation.id}"
    asked = await ana.get(folio)
    assert (asked.status_code, asked.headers["location"]) == (303, f"/consola/bloqueados/peticion/{petition.folio}")
    assert (await ana.get(chat)).status_code == 423
    assert petition.folio not in (await ana.get("/consola/peticiones")).text
    assert (await ana.submit(asked.headers["location"], reason="ver")).status_code == 422
    assert (await ana.submit(asked.headers["location"], reason="Lo pide la Contraloría")).status_code == 303
    assert (await ana.get(folio)).status_code == 200
    assert (await ana.get(chat)).status_code == 200
    assert (await adela.get(folio)).status_code == 303, "a reason opens it to whoever gave it"
    async with database.transaction() as session:
        opened = (await session.scalars(select(AdminEvent).where(AdminEvent.kind == blocking.OPENED))).all()
        assert {one.detail["reason"] for one in opened} == {"Lo pide la Contraloría"}
        # The person writes again: the conversation is in use, and seen.
        await session.execute(update(Conversation).values(last_message_at=clock.now() + timedelta(seconds=1)))
    assert (await adela.get(chat)).status_code == 200


async def test_a_petition_that_is_taken_up_again_is_in_the_lists_with_its_person(database: Database) -> None:
    await add_staff(database, "ana")
    async with database.transaction() as session:
        ana = await agents.find_user(session, "ana")
        new = NewPetition(PetitionKind.PETICION, EntryChannel.CALL_CENTER, "Bache en mi calle", name="Luz Soto")
        petition = await petitions.file(session, new, actor=ActorKind.STAFF)
        steps = (PetitionStatus.EN_ANALISIS, PetitionStatus.EN_ATENCION, PetitionStatus.CONCLUIDA_SATISFACTORIA)
        for status in steps:
            await petitions.change_status(session, petition, status, reason="Va", user_id=ana.id)
        person = await session.get_one(Person, petition.person_id)
        blocking.block(person, [petition], [])
        await petitions.change_status(session, petition, steps[1], reason="No quedó bien", user_id=ana.id)
        await session.refresh(person)
        assert (petition.withheld_at, person.withheld_at) == (None, None)
        found = await queries.search(session, PetitionFilter(search="Luz Soto"))
        assert [row.petition.folio for row in found.rows] == [petition.folio]


def test_the_documentation_holds_the_rules() -> None:
    told = (Path(__file__).parents[2] / "docs/retention.md").read_text()
    assert documentation.rules_section() in told, "write what backend.retention.documentation says into the page"
