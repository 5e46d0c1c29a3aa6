"""Data keys; telephones, e-mail and CURP sealed and found by blind indexes (docs/adr/0026): of people, and every
telephone of the ledger, of calls and of chats."""

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from backend.migrations import sealing
from backend.migrations.sealing import Column, turn_columns
from backend.text import fold
from backend.vault import blind, ring
from backend.vault.blind import Kind
from backend.vault.columns import index_sql, sealed_text
from backend.vault.sealing import seal, unseal

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = {"phone": (Kind.PHONE, 20), "email": (Kind.EMAIL, 254), "curp": (Kind.CURP, 18)}
#: Telephones elsewhere: table, column, and whether it may be empty.
PHONES = (
    ("interaction", "phone", True),
    ("voice_call", "phone", True),
    ("call_task", "phone", True),
    ("call_reason", "phone", True),
    ("do_not_call", "phone", False),
    ("conversation", "verified_phone", True),
)
#: Indexes by which they are looked up: name, table, column, what follows it, whether unique, and of which rows.
LOOK_UPS = (
    ("ix_interaction_phone", "interaction", "phone", ["started_at"], False, None),
    ("ix_voice_call_phone", "voice_call", "phone", ["started_at"], False, None),
    ("ix_call_task_phone", "call_task", "phone", [], False, None),
    ("uq_call_task_pending_phone", "call_task", "phone", [], True, "state = 'pendiente'"),
    ("uq_do_not_call_phone", "do_not_call", "phone", [], True, "lifted_at IS NULL"),
    ("ix_conversation_verified_phone", "conversation", "verified_phone", [], False, None),
)
CHANGES = "interaction_change.fields"
#: Corrections are never changed; but what they say may be sealed anew, by who says so in its transaction.
STAYS = """
CREATE OR REPLACE FUNCTION interaction_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;{}
  RAISE EXCEPTION 'a contact''s corrections are never changed nor deleted';
END $$
"""
SEALING = """
  IF TG_OP = 'UPDATE' AND current_setting('chat_sonora.sealing', true) = 'on'
     AND to_jsonb(NEW) - 'fields' - 'fields_turned' = to_jsonb(OLD) - 'fields' - 'fields_turned' THEN
    RETURN NEW;
  END IF;"""
THEIRS = "petition JOIN person ON person.id = petition.person_id"
REACHED = "person.phone IS NOT NULL OR person.email IS NOT NULL OR person.curp IS NOT NULL"


def upgrade() -> None:
    _create_keys()
    sealing.hold_keys()
    is_filled = _drop_words()
    if is_filled:
        _petitions_words(is_sealed=False)
        _peoples_words(is_sealed=False)
    turn_columns("person", ["id"], [_sealed("person", name, kind) for name, (kind, _) in KINDS.items()])
    for name in KINDS:
        op.create_index(f"ix_person_{name}", "person", [sa.text(index_sql(name))])
    _index_words(is_filled)
    for table, name, nullable in PHONES:
        turn_columns(table, ["id"], [_sealed(table, name, Kind.PHONE, nullable=nullable)])
    _create_look_ups(index_sql)
    op.execute(STAYS.format(SEALING))
    op.execute(ring.LET_SEAL)
    changes = Column("fields", sa.LargeBinary(), lambda told: seal(CHANGES, json.dumps(told).encode()), nullable=False)
    turn_columns("interaction_change", ["id"], [changes])


def downgrade() -> None:
    sealing.hold_keys()
    is_filled = _drop_words()
    turn_columns("person", ["id"], [_plain("person", name, kind, size) for name, (kind, size) in KINDS.items()])
    for name in KINDS:
        op.create_index(f"ix_person_{name}", "person", [name])
    if is_filled:
        _petitions_words(is_sealed=True)
        _peoples_words(is_sealed=True)
    _index_words(is_filled)
    for table, name, nullable in PHONES:
        turn_columns(table, ["id"], [_plain(table, name, Kind.PHONE, 20, nullable=nullable)])
    _create_look_ups(str)
    op.execute(ring.LET_SEAL)
    changes = Column("fields", JSONB(), lambda value: Jsonb(json.loads(unseal(CHANGES, value))), nullable=False)
    turn_columns("interaction_change", ["id"], [changes])
    op.execute(STAYS.format(""))
    op.drop_table("data_key")


def _create_keys() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('campos', 'indices')", name=op.f("ck_data_key_purpose")),
        sa.CheckConstraint("id BETWEEN 1 AND 2147483647", name=op.f("ck_data_key_number_fits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_index(
        "uq_data_key_in_use", "data_key", ["purpose"], unique=True, postgresql_where=sa.text("retired_at IS NULL")
    )
    for purpose in ring.Purpose:
        sealing.connection().execute(ring.ADD_KEY, ring.new_row(purpose))


def _sealed(table: str, name: str, kind: Kind, *, nullable: bool = True) -> Column:
    return Column(name, sa.LargeBinary(), lambda value: sealed_text(f"{table}.{name}", kind, value), nullable)


def _plain(table: str, name: str, kind: Kind, size: int, *, nullable: bool = True) -> Column:
    def opened(value: bytes) -> str:
        return unseal(f"{table}.{name}", value, kind.index_length).decode()

    return Column(name, sa.String(length=size), opened, nullable)


def _create_look_ups(expression: Callable[[str], str]) -> None:
    for name, table, column, others, unique, rows in LOOK_UPS:
        narrowed = {"postgresql_where": sa.text(rows)} if rows else {}
        op.create_index(name, table, [sa.text(expression(column)), *others], unique=unique, **narrowed)


def _drop_words() -> bool:
    """Indexes of words would be kept up for each row of a million: they are made anew. Whether anybody is there."""
    for table in ("person", "petition"):
        op.drop_index(f"ix_{table}_search", table)
    return sealing.has_rows("person", REACHED)


def _index_words(is_filled: bool) -> None:
    if is_filled:  # turning columns has wiped the other
        sealing.wipe("petition")
    for table in ("person", "petition"):
        op.create_index(f"ix_{table}_search", table, ["search"], postgresql_using="gin")


def _plain_words(phone: str | None, email: str | None, curp: str | None) -> list[str]:
    """What a person's `search_text` had of their contact before, and has again when this is taken back."""
    digits = "".join(char for char in phone or "" if char.isdigit())[-10:]
    told = ((phone or "").removeprefix("+52"), f"tel{digits[::-1]}" if digits else "", email, curp)
    return [fold(word) for word in told if word]


def _blind_words(phone: str | None, email: str | None, curp: str | None) -> list[str]:
    return [*blind.words(Kind.PHONE, phone), *blind.words(Kind.EMAIL, email), *blind.words(Kind.CURP, curp)]


def _petitions_words(*, is_sealed: bool) -> None:
    """Petitions' search text has their person's: words that stand for values change places with the values."""
    columns = ["petition.search_text", "person.phone", "person.email", "person.curp"]
    for rows in sealing.batches(THEIRS, ["petition.id"], columns, REACHED):
        turned = [(row[0], _changed(row[1], row[2:], is_sealed=is_sealed)) for row in rows]
        sealing.write("petition", ["id"], ["search_text"], turned)


def _changed(text: str, contact: tuple[str | None, str | None, str | None], *, is_sealed: bool) -> str:
    before, after = _plain_words(*contact), _blind_words(*contact)
    if is_sealed:
        before, after = after, before
    return " ".join([*(word for word in text.split(" ") if word not in before), *after])


def _peoples_words(*, is_sealed: bool) -> None:
    for rows in sealing.batches("person", ["id"], ["full_name", "phone", "email", "curp"], REACHED):
        words = _plain_words if is_sealed else _blind_words
        turned = [(number, fold(" ".join([name, *words(*contact)]))) for number, name, *contact in rows]
        sealing.write("person", ["id"], ["search_text"], turned)
