"""Calls by the last four digits of their number, among however many."""

import sqlalchemy as sa
from alembic import op

from backend.vault.columns import ending_sql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

NAME = "ix_interaction_phone_ending"


def upgrade() -> None:
    op.create_index(NAME, "interaction", [sa.text(ending_sql("phone")), "started_at"])


def downgrade() -> None:
    op.drop_index(NAME, "interaction")
