"""Search by beginnings of words and ends of telephones, lists in index order, suggested topics."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WORDS = "regexp_replace(search_text, '[^a-z0-9]+', ' ', 'g')"
SIMPLE = f"strip(to_tsvector('simple', {WORDS}))"
SPANISH = f"strip(to_tsvector('spanish', {WORDS}))"
SPANISH_BEFORE = "to_tsvector('spanish', search_text)"
LISTED_BY = ("status", "kind", "channel", "municipality_id", "topic_id", "agency_id", "assignee_id", "priority")
IS_OPEN = "status IN ('recibida', 'en_analisis', 'turnada', 'en_atencion', 'requiere_informacion')"

#: A telephone written backwards is found by its end.
ADD_BACKWARDS = (
    "UPDATE person SET search_text = search_text || ' tel' || reverse(right(regexp_replace(phone, '\\D', '', 'g'), 10))"
    " WHERE phone IS NOT NULL",
    "UPDATE petition SET search_text = petition.search_text || ' tel'"
    " || reverse(right(regexp_replace(phone, '\\D', '', 'g'), 10))"
    " FROM person WHERE person.id = petition.person_id AND phone IS NOT NULL",
)
TAKE_BACKWARDS = (
    "UPDATE petition SET search_text = regexp_replace(search_text, ' tel\\d{7,10}(?= |$)', '', 'g')",
    "UPDATE person SET search_text = regexp_replace(search_text, ' tel\\d{7,10}(?= |$)', '', 'g')",
)


def upgrade() -> None:
    for statement in ADD_BACKWARDS:
        op.execute(statement)
    _replace_search("petition", f"{SPANISH} || {SIMPLE}")
    op.add_column(
        "person", sa.Column("search", postgresql.TSVECTOR(), sa.Computed(SIMPLE, persisted=True), nullable=False)
    )
    op.create_index("ix_person_search", "person", ["search"], postgresql_using="gin")
    op.drop_index(op.f("ix_petition_status"), "petition")
    op.drop_index(op.f("ix_petition_assignee_id"), "petition")
    for column in LISTED_BY:
        op.create_index(_listing(column), "petition", [column, "created_at"])
    op.create_index("ix_petition_open_created", "petition", ["created_at"], postgresql_where=sa.text(IS_OPEN))
    op.create_index("ix_petition_open_due", "petition", ["due_on", "created_at"], postgresql_where=sa.text(IS_OPEN))
    op.create_index(
        "ix_petition_event_topic",
        "petition_event",
        ["id"],
        postgresql_where=sa.text("kind = 'edited' AND detail ? 'topic_id'"),
    )
    _create_suggestion()


def _listing(column: str) -> str:
    return f"ix_petition_{column.removesuffix('_id')}_created"


def _replace_search(table: str, words: str) -> None:
    op.drop_column(table, "search")
    op.add_column(table, sa.Column("search", postgresql.TSVECTOR(), sa.Computed(words, persisted=True), nullable=False))
    op.create_index(f"ix_{table}_search", table, ["search"], postgresql_using="gin")


def _create_suggestion() -> None:
    op.create_table(
        "petition_suggestion",
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("text_key", sa.String(length=32), nullable=False),
        sa.Column("ranking", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_sure", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("decision IN ('used', 'rejected')", name=op.f("ck_petition_suggestion_decision")),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_petition_suggestion_decision_dated")
        ),
        sa.CheckConstraint(
            "decision IS NULL OR (decision = 'used') = (topic_id IS NOT NULL)",
            name=op.f("ck_petition_suggestion_used_topic"),
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_suggestion_petition_id_petition")
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_petition_suggestion_topic_id_topic")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_user.id"], name=op.f("fk_petition_suggestion_decided_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_suggestion")),
    )
    op.create_index("ix_petition_suggestion_decided", "petition_suggestion", ["decided_at"])


def downgrade() -> None:
    op.drop_table("petition_suggestion")
    op.drop_index("ix_petition_event_topic", "petition_event")
    op.drop_index("ix_petition_open_due", "petition")
    op.drop_index("ix_petition_open_created", "petition")
    for column in reversed(LISTED_BY):
        op.drop_index(_listing(column), "petition")
    op.create_index(op.f("ix_petition_assignee_id"), "petition", ["assignee_id"])
    op.create_index(op.f("ix_petition_status"), "petition", ["status"])
    op.drop_column("person", "search")
    for statement in TAKE_BACKWARDS:
        op.execute(statement)
    _replace_search("petition", SPANISH_BEFORE)
