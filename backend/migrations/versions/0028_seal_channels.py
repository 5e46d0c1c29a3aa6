"""Who writes on a channel and where answers go; what vendors, forms, imports and the bot's answers held in the clear."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from backend.migrations import sealing
from backend.migrations.sealing import Column, turn_columns
from backend.vault.blind import Kind
from backend.vault.columns import index_sql, sealed_text
from backend.vault.sealing import seal, unseal

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

USER, USER_TYPE = "conversation.external_user_id", sa.String(length=120)
WHO = "uq_conversation_channel_account_external_user_id"


#: Those of bytes and JSON: table, its key, column, and what it was.
OTHERS: tuple[tuple[str, list[str], str, type[Any]], ...] = (
    ("unreadable_webhook", ["id"], "body", bytes),
    ("voice_call_event", ["id"], "raw", dict),
    ("petition_draft", ["id"], "fields", dict),
    ("import_row", ["batch_id", "number"], "fields", dict),
    ("idempotent_answer", ["key"], "answer", dict),
)
#: Those of text: table, column, its length, and whether it may be empty.
TEXTS = (("delivery", "recipient", 160), ("email_message", "to_address", 254))


def upgrade() -> None:
    sealing.hold_keys()
    op.drop_constraint(WHO, "conversation")
    turn_columns(
        "conversation",
        ["id"],
        [
            _to("external_user_id", lambda value: sealed_text(USER, Kind.CHANNEL_USER, value)),
            _to("address", lambda value: seal("conversation.address", value.encode()), nullable=True),
        ],
    )
    op.create_index(WHO, "conversation", ["channel", "account", sa.text(index_sql("external_user_id"))], unique=True)
    for table, name, _ in TEXTS:
        turn_columns(table, ["id"], [_to(name, lambda value, where=f"{table}.{name}": seal(where, value.encode()))])
    for table, key, name, was in OTHERS:
        turn_columns(table, key, [_to(name, _sealer(f"{table}.{name}", was))])


def downgrade() -> None:
    sealing.hold_keys()
    for table, key, name, was in reversed(OTHERS):
        kind = sa.LargeBinary() if was is bytes else JSONB()
        turn_columns(table, key, [Column(name, kind, _opener(f"{table}.{name}", was), nullable=False)])
    for table, name, size in reversed(TEXTS):
        turn_columns(table, ["id"], [_text(name, f"{table}.{name}", size, nullable=False)])
    op.drop_index(WHO, "conversation")
    user = Column(
        "external_user_id",
        USER_TYPE,
        lambda value: unseal(USER, value, Kind.CHANNEL_USER.index_length).decode(),
        nullable=False,
    )
    turn_columns("conversation", ["id"], [user, _text("address", "conversation.address", 160, nullable=True)])
    op.create_unique_constraint(WHO, "conversation", ["channel", "account", "external_user_id"])


def _to(name: str, turn: Callable[[Any], bytes], *, nullable: bool = False) -> Column:
    return Column(name, sa.LargeBinary(), turn, nullable)


def _text(name: str, where: str, size: int, *, nullable: bool) -> Column:
    return Column(name, sa.String(length=size), lambda value: unseal(where, value).decode(), nullable)


def _sealer(where: str, was: type[Any]) -> Callable[[Any], bytes]:
    if was is bytes:
        return lambda value: seal(where, value)
    return lambda value: seal(where, json.dumps(value, ensure_ascii=False).encode())


def _opener(where: str, was: type[Any]) -> Callable[[bytes], Any]:
    if was is bytes:
        return lambda value: unseal(where, value)
    return lambda value: Jsonb(json.loads(unseal(where, value)))
