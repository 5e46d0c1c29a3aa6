"""The log of calls: its indexes, chats held elsewhere, and imports of call detail records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_WORDS = "to_tsvector('simple', translate(lower(coalesce(caller_name, '') || ' ' || notes), 'áéíóúüñ', 'aeiouun'))"
_STATES = "'mapping', 'reading', 'judging', 'ready', 'writing', 'done', 'discarded', 'failed'"
_LEG_STATES = "'read', 'invalid', 'internal', 'service', 'by_hand', 'known', 'changed', 'new'"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_interaction_chat_has_conversation"), "interaction", type_="check")
    op.create_check_constraint(
        op.f("ck_interaction_chat_has_conversation"),
        "interaction",
        "kind <> 'chat' OR conversation_id IS NOT NULL OR source = 'consola'",
    )
    logged = sa.text("source <> 'chat'")
    op.create_index("ix_interaction_logged", "interaction", ["started_at", "id"], postgresql_where=logged)
    op.add_column(
        "interaction", sa.Column("words", postgresql.TSVECTOR(), sa.Computed(_WORDS, persisted=True), nullable=False)
    )
    op.create_index("ix_interaction_words", "interaction", ["words"], postgresql_using="gin", postgresql_where=logged)
    op.create_table(
        "cdr_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mapping_name", sa.String(length=60), nullable=False),
        sa.Column("layout", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_cdr_import_state")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_cdr_import_created_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_import")),
    )
    op.create_index(op.f("ix_cdr_import_sha256"), "cdr_import", ["sha256"])
    op.create_table(
        "cdr_leg",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("call_key", sa.String(length=160), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"state IN ({_LEG_STATES})", name=op.f("ck_cdr_leg_state")),
        sa.ForeignKeyConstraint(["import_id"], ["cdr_import.id"], name=op.f("fk_cdr_leg_import_id_cdr_import")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_cdr_leg")),
    )
    op.create_index("ix_cdr_leg_call", "cdr_leg", ["import_id", "call_key"])
    op.create_index("ix_cdr_leg_state", "cdr_leg", ["import_id", "state", "number"])
    op.create_table(
        "cdr_mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_mapping")),
        sa.UniqueConstraint("name", name=op.f("uq_cdr_mapping_name")),
    )


def downgrade() -> None:
    op.drop_table("cdr_mapping")
    op.drop_table("cdr_leg")
    op.drop_table("cdr_import")
    op.drop_index("ix_interaction_words", "interaction")
    op.drop_column("interaction", "words")
    op.drop_index("ix_interaction_logged", "interaction")
    op.drop_constraint(op.f("ck_interaction_chat_has_conversation"), "interaction", type_="check")
    op.create_check_constraint(
        op.f("ck_interaction_chat_has_conversation"), "interaction", "kind <> 'chat' OR conversation_id IS NOT NULL"
    )
