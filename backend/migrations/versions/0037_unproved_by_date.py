"""The notices that are not known to have arrived, by their date: the newest are looked at first."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

NAME, IS_UNPROVED = "ix_notice_unproved", "arrived_at IS NULL"


def upgrade() -> None:
    op.drop_index(NAME, "notice")
    op.create_index(NAME, "notice", ["created_at"], postgresql_where=sa.text(IS_UNPROVED))


def downgrade() -> None:
    op.drop_index(NAME, "notice")
    op.create_index(NAME, "notice", ["petition_id", "event_id"], postgresql_where=sa.text(IS_UNPROVED))
