"""By an index: petitions in the order of their priority, a turn's own history, who wrote last to a bot."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

RANK = "strpos('urgente alta normal', priority::text)"


def upgrade() -> None:
    op.create_index("ix_petition_rank", "petition", [sa.text(f"({RANK})"), "due_on"])
    op.create_index(
        "ix_petition_event_turn", "petition_event", ["turn_id", "at"], postgresql_where=sa.text("turn_id IS NOT NULL")
    )
    op.create_index(
        "ix_conversation_bot_chats",
        "conversation",
        ["account", "last_citizen_at"],
        postgresql_where=sa.text("channel = 'telegram' AND address IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_bot_chats", "conversation")
    op.drop_index("ix_petition_event_turn", "petition_event")
    op.drop_index("ix_petition_rank", "petition")
