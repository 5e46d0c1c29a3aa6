"""Notices: rounds and their end, whether a call reached the person, the citizen's word on a conclusion."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KINDS = (
    "filed",
    "status_changed",
    "information_added",
    "attachment_added",
    "edited",
    "assigned",
    "note",
)
_ADDED = ("notice", "citizen_verdict")
_CONVERSATION = "fk_notice_attempt_conversation_id_conversation"


def _limit_kinds(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_petition_event_kind"), "petition_event", type_="check")
    op.create_check_constraint(
        op.f("ck_petition_event_kind"), "petition_event", sa.column("kind", sa.String).in_(values)
    )


def upgrade() -> None:
    _limit_kinds((*_KINDS, *_ADDED))
    op.add_column("callback_task", sa.Column("was_reached", sa.Boolean(), nullable=True))
    op.add_column(
        "notice",
        sa.Column("template_purpose", sa.String(length=40), server_default="status_notice", nullable=False),
    )
    op.alter_column("notice", "template_purpose", server_default=None)
    op.add_column(
        "notice",
        sa.Column("template_values", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.alter_column("notice", "template_values", server_default=None)
    op.add_column("notice", sa.Column("round_start", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("notice", "round_start", server_default=None)
    op.add_column("notice", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_notice_open", "notice", ["created_at"], postgresql_where=sa.text("settled_at IS NULL"))
    op.add_column("notice_attempt", sa.Column("conversation_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f(_CONVERSATION), "notice_attempt", "conversation", ["conversation_id"], ["id"])
    op.create_index(op.f("ix_notice_attempt_callback_task_id"), "notice_attempt", ["callback_task_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_notice_attempt_callback_task_id"), table_name="notice_attempt")
    op.drop_constraint(op.f(_CONVERSATION), "notice_attempt", type_="foreignkey")
    op.drop_column("notice_attempt", "conversation_id")
    op.drop_index("ix_notice_open", table_name="notice", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_column("notice", "settled_at")
    op.drop_column("notice", "round_start")
    op.drop_column("notice", "template_values")
    op.drop_column("notice", "template_purpose")
    op.drop_column("callback_task", "was_reached")
    # The history stays; what it said by kinds of their own becomes a note.
    op.execute("UPDATE petition_event SET kind = 'note' WHERE kind IN ('notice', 'citizen_verdict')")
    _limit_kinds(_KINDS)
