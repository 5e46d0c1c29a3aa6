"""A database in which every text that somebody could have written is an attack, whatever way it would have come by."""

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Column, Enum, String, Table, Text, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import Base
from backend.vault.columns import Sealed, SealedJson, SealedText

#: Out of an attribute, a text area and a title, into markup of its own; as much of it as a column holds. `data-xss` is
#: what a page is looked through for: the policy would keep the script from running even where the markup got in.
ATTACKS = (
    """'" data-xss></textarea></title><img data-xss src=x onerror=xss()>""",
    """"><img data-xss src=x onerror=xss()>""",
    "<i data-xss>",
)
ADDRESS = "javascript:xss()//" + ATTACKS[1]
#: Of the system's own, which nobody outside writes, or which hold no words.
_OURS = re.compile(
    r"(staff_(session|token)|display_token|presence.*|.*counter|.*cursor|folio_.*|keypad_attempt|link_.*|channel_account"
    r"|webhook_.*|api_answer|idempotent_answer|delivery.*|letter_series|business_hours|.*_mapping|provider_content"
    r"|data_key|understanding|report_.*|quarter_.*|admin_event|board_settings|procedure_.*|message_template|municipality)"
)
#: Words that the program compares, not people's.
_CODES = re.compile(
    r"(.*_?(phone|hash|sha256|id|key|kind|state|status|token|sid|code|type|language|source|how|format|nonce)"
    r"|username|channel|account|reference|extension|external_user_id|topic|purpose|prefix|folio|period|figure|locale)"
)
_WORDS_IN_JSON = re.compile(r".*(text|name|title|label|told|reason|asked|note|comment|media_url|evento|lugar).*")


@dataclass
class Poisoned:
    #: `table.column` that now holds an attack in every row.
    columns: list[str] = field(default_factory=list)


async def poison(session: AsyncSession) -> Poisoned:
    """Write an attack into every column of words that takes one; what the database refuses keeps what it had."""
    done = Poisoned()
    # Histories refuse to be written anew, which is not what is tried here.
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    for table in Base.metadata.sorted_tables:
        if _OURS.fullmatch(table.name):
            continue
        for column in table.columns:
            written = await _poisoned(session, table, column)
            if written:
                done.columns.append(f"{table.name}.{column.name}")
    return done


async def _poisoned(session: AsyncSession, table: Table, column: Column[Any]) -> bool:
    if isinstance(column.type, JSON | SealedJson):
        return await _poison_json(session, table, column)
    is_word = isinstance(column.type, String | Text | Sealed | SealedText) and not isinstance(column.type, Enum)
    if not is_word or column.primary_key or column.foreign_keys or _CODES.fullmatch(column.name):
        return False
    attack = _fitting(column)
    if attack is None:
        return False
    try:
        async with session.begin_nested():
            statement = update(table).where(column.is_not(None)).values({column.name: attack})
            result = await session.execute(statement)
    except DBAPIError:  # unique, or of a form that the database checks
        return False
    return bool(getattr(result, "rowcount", 0))


def _fitting(column: Column[Any]) -> str | None:
    most = getattr(column.type, "length", None) or 10_000
    if "url" in column.name:
        return ADDRESS if len(ADDRESS) <= most else None
    return next((attack for attack in ATTACKS if len(attack) <= most), None)


async def _poison_json(session: AsyncSession, table: Table, column: Column[Any]) -> bool:
    keys = list(table.primary_key.columns)
    rows = (await session.execute(select(*keys, column))).all()
    is_changed = False
    for *key, value in rows:
        changed = _in_json(value, column.name)
        if changed != value:
            is_changed = True
            own = [one == held for one, held in zip(keys, key, strict=True)]
            await session.execute(update(table).where(*own).values({column.name: changed}))
    return is_changed


def _in_json(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _in_json(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_json(one, key) for one in value]
    if isinstance(value, str) and _WORDS_IN_JSON.fullmatch(key) and not key.endswith(("_id", "_kind")):
        return ADDRESS if "url" in key else ATTACKS[0]
    return value
