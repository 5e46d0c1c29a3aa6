"""A row in every table that can hold something on a person, made from the models: a new table is planted too."""

import uuid
from datetime import time, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    String,
    Time,
    Uuid,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.contacts.models import Contact
from backend.holdings.tables import HELD, HIDDEN
from backend.vault.columns import Sealed, SealedBytes, SealedJson, SealedText

#: What the tables' own rules ask of a row, beyond its columns.
RULES: dict[str, dict[str, Any]] = {
    "conversation": {"owner": "bot", "agent_id": None, "queued_at": None, "withheld_at": None, "wiped_at": None},
    "person": {"opposed_at": None, "withheld_at": None, "wipe_on": None, "wiped_at": None},
    "interaction": {"kind": "llamada", "ended_at": None, "outcome": None, "score": 3},
    "rating": {"score": 3},
    "message": {"author": "citizen", "in_reply_to": None, "reply_index": None},
    "petition": {"folio": "CS-2026-000001-X", "status": "cancelada", "withheld_at": None, "wiped_at": None},
    "understanding": {"label_state": "pending", "label": None, "labelled_at": None},
    "call_task": {"state": "pendiente", "closed_because": None, "closed_at": None},
    "call_reason": {"kind": "manual", "campaign_id": None},
    "arco_request": {"state": "recibida", "answered_on": None, "done_on": None, "refusal": None},
    "arco_clarification": {"answered_on": None},
    "legal_hold": {"petition_id": None, "conversation_id": None},
    "turn": {"replaces_id": None},
    "petition_suggestion": {"decision": None, "decided_at": None},
    "letter_template": {"version": 99},
    "import_row": {"number": 2},
    "petition_draft": {"earlier_conversations": []},
    "dossier_document": {"withdrawn_at": None, "withdrawn_reason": ""},
}


class Planted:
    """What was planted: a row's keys by table, and the words by table and column."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.words: dict[tuple[str, str], str] = {}


async def plant(session: AsyncSession, *, phone: str = "+526621234567") -> Planted:
    """One row in each table of `HELD`, tied to those before, each text a word of its own."""
    planted = Planted()
    planted.keys["staff_user"] = {"id": await session.scalar(select(User.id).limit(1))}
    planted.keys["contact"] = {"id": uuid.uuid4()}  # comes before the conversation that it prefers
    await session.execute(insert(Contact).values(planted.keys["contact"]))
    for held in HELD:
        if held.table not in planted.keys:
            await _row(session, planted, held.model.__table__, held.phone, phone)
    first = planted.keys["conversation"]["id"]
    await session.execute(update(Contact).values(preferred_conversation_id=first))
    return planted


async def _row(session: AsyncSession, planted: Planted, table: Any, holds_phone: str | None, phone: str) -> None:
    for column in table.columns:
        for key in column.foreign_keys:
            target = key.column.table
            if target.name not in planted.keys and not column.nullable:
                words = dict(planted.words)
                await _row(session, planted, target, None, phone)
                planted.words = words  # of a catalog, and so of nobody
    phones = {holds_phone, "phone" if table.name == "person" else None}
    values = {column.name: phone if column.name in phones else _value(planted, table.name, column)
              for column in table.columns if column.computed is None}  # fmt: skip
    for name, value in RULES.get(table.name, {}).items():
        values[name] = value
        planted.words.pop((table.name, name), None)
    made = insert(table).values({name: value for name, value in values.items() if value is not _UNSET})
    keys = list(table.primary_key.columns)
    row = (await session.execute(made.returning(*keys))).one()
    planted.keys[table.name] = dict(zip((one.name for one in keys), row, strict=True))


_UNSET: Any = object()
_LISTS = ("buttons", "template_values", "earlier_conversations", "attachments")


def _value(planted: Planted, table: str, column: Column[Any]) -> Any:
    for key in column.foreign_keys:
        found = planted.keys.get(key.column.table.name)
        return found[key.column.name] if found is not None else None
    if column.primary_key and isinstance(column.type, Integer):
        return _UNSET
    return _by_type(planted, table, column)


def _by_type(planted: Planted, table: str, column: Column[Any]) -> Any:
    kind = column.type
    moment = clock.now() - timedelta(days=1)
    match kind:
        case Enum():
            return kind.enums[0] if kind.enum_class is None else next(iter(kind.enum_class))
        case Boolean():
            return False
        case Integer() | Float():
            return 1
        case DateTime():
            return moment
        case Date():
            return moment.date()
        case Time():
            return time(9)
        case Uuid():
            return uuid.uuid4()
        case LargeBinary() | SealedBytes():
            return b"x"
        case JSON() | SealedJson():
            return _json(planted, table, column)
        case String():
            return _word(planted, table, column, kind.length)
        case Sealed() | SealedText():
            return _word(planted, table, column, None)
    return _UNSET


def _word(planted: Planted, table: str, column: Column[Any], length: int | None) -> str:
    word = f"zq{len(planted.words):03}x"[: length or 20]
    if column.name not in HIDDEN:
        planted.words[table, column.name] = word
    return word


def _json(planted: Planted, table: str, column: Column[Any]) -> Any:
    word = _word(planted, table, column, None)
    return [word] if column.name in _LISTS else {"x": word}
