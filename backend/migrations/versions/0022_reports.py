"""How far chats are in the ledger, and what reports of petitions are read by."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_cursor",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_cursor")),
    )
    op.create_index("ix_interaction_kind_started", "interaction", ["kind", "started_at"])
    op.create_index(
        "ix_petition_concluded", "petition", ["concluded_at"], postgresql_where=sa.text("concluded_at IS NOT NULL")
    )
    op.create_index(
        "ix_petition_event_by_staff", "petition_event", ["at"], postgresql_where=sa.text("user_id IS NOT NULL")
    )
    op.create_index(
        "ix_petition_event_verdict", "petition_event", ["at"], postgresql_where=sa.text("kind = 'citizen_verdict'")
    )


def downgrade() -> None:
    op.drop_index("ix_petition_event_verdict", "petition_event")
    op.drop_index("ix_petition_event_by_staff", "petition_event")
    op.drop_index("ix_interaction_kind_started", "interaction")
    op.drop_index("ix_petition_concluded", "petition")
    op.drop_table("ledger_cursor")
