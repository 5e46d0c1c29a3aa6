"""Which of several Rasa processes has a conversation's turns, and until when one may be under way there."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MOMENTS = ("rasa_turn_at", "rasa_busy_until")


def upgrade() -> None:
    op.add_column("conversation", sa.Column("rasa", sa.String(length=255), nullable=True))
    for column in _MOMENTS:
        op.add_column("conversation", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_conversation_rasa_busy",
        "conversation",
        ["rasa_busy_until"],
        postgresql_where=sa.text("rasa_busy_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_rasa_busy", table_name="conversation")
    for column in (*_MOMENTS, "rasa"):
        op.drop_column("conversation", column)
