"""What a round of retention did before it was killed."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_progress",
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_retention_progress")),
    )


def downgrade() -> None:
    op.drop_table("retention_progress")
