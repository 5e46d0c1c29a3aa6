"""An index for what is asked most of an agency: its petitions of one status, newest first."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_petition_agency_status", "petition", ["agency_id", "status", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_petition_agency_status", "petition")
