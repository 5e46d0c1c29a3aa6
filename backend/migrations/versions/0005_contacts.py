"""Which conversations are proved to be one person's, splits of contacts, drafts that move between channels.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KINDS = (
    "opened", "queued", "assigned", "taken", "transferred", "returned_to_bot", "closed", "reopened", "rated",
    "emergency", "bot_failed", "reply_dropped", "petition_filed", "contact_joined", "opted_out", "opted_in",
    "blocked_us", "unblocked_us",
)  # fmt: skip


def _limit_kinds(*kinds: str) -> None:
    name = op.f("ck_conversation_event_kind")
    op.drop_constraint(name, "conversation_event", type_="check")
    op.create_check_constraint(name, "conversation_event", sa.column("kind", sa.String).in_(kinds))


def upgrade() -> None:
    _limit_kinds(*_KINDS, "contact_split")
    op.add_column("conversation", sa.Column("identity_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE conversation SET identity_id = id")
    op.alter_column("conversation", "identity_id", nullable=False)
    op.create_index(op.f("ix_conversation_identity_id"), "conversation", ["identity_id"], unique=False)
    op.add_column(
        "petition_draft",
        sa.Column(
            "earlier_conversations", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
    )
    op.alter_column("petition_draft", "earlier_conversations", server_default=None)


def downgrade() -> None:
    op.drop_column("petition_draft", "earlier_conversations")
    op.drop_index(op.f("ix_conversation_identity_id"), table_name="conversation")
    op.drop_column("conversation", "identity_id")
    op.execute("DELETE FROM conversation_event WHERE kind = 'contact_split'")
    _limit_kinds(*_KINDS)
