"""What took longer the more history there was (benchmarks/results/growth.md): indexes, and which notices arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def _words(column: str) -> str:
    """As the models have it, of messages and of the audit trail."""
    folded = f"translate(lower({column}), 'áéíóúüñ', 'aeiouun')"
    return f"(to_tsvector('simple', regexp_replace({folded}, '[^a-z0-9]+', ' ', 'g')))"


#: As `notices.proof.arrived` tells it.
_NOTE_ARRIVED = """
UPDATE notice SET arrived_at = settled_at WHERE settled_at IS NOT NULL AND (
  EXISTS (SELECT FROM notice_attempt a JOIN delivery d ON d.message_id = a.message_id WHERE a.notice_id = notice.id
          AND (d.state IN ('delivered', 'read') OR d.state = 'sent' AND d.channel = 'telegram'))
  OR EXISTS (SELECT FROM notice_attempt a JOIN call_reason r ON r.id = a.call_reason_id WHERE a.notice_id = notice.id
             AND r.was_reached))
"""
_PLAIN = (
    ("ix_conversation_last_message", "conversation", ["last_message_at"]),
    ("ix_rating_created", "rating", ["created_at"]),
    ("ix_understanding_created", "understanding", ["created_at"]),
    ("ix_admin_event_at", "admin_event", ["at"]),
    ("ix_turn_created", "turn", ["created_at"]),
)


def upgrade() -> None:
    for name, table, columns in _PLAIN:
        op.create_index(name, table, columns)
    op.create_index("ix_message_words", "message", [sa.text(_words("text"))], postgresql_using="gin")
    op.create_index("ix_admin_event_words", "admin_event", [sa.text(_words("detail::text"))], postgresql_using="gin")
    op.create_index("ix_understanding_label", "understanding", ["label"], postgresql_where=sa.text("label IS NOT NULL"))
    op.create_index("ix_call_reason_pending", "call_reason", ["kind"], postgresql_where=sa.text("state = 'pending'"))
    closed = ["agency_id", sa.text("closed_at DESC NULLS FIRST"), "due_on", "id"]
    op.create_index("ix_turn_agency_closed", "turn", closed)
    op.add_column("notice", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_NOTE_ARRIVED)
    op.create_index(
        "ix_notice_unproved", "notice", ["petition_id", "event_id"], postgresql_where=sa.text("arrived_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_notice_unproved", "notice")
    op.drop_column("notice", "arrived_at")
    op.drop_index("ix_turn_agency_closed", "turn")
    op.drop_index("ix_call_reason_pending", "call_reason")
    op.drop_index("ix_understanding_label", "understanding")
    op.drop_index("ix_admin_event_words", "admin_event")
    op.drop_index("ix_message_words", "message")
    for name, table, _ in reversed(_PLAIN):
        op.drop_index(name, table)
