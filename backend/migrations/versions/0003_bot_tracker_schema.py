"""A schema of its own for the bot's tracker store; Rasa makes its table there."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS rasa")


def downgrade() -> None:
    op.execute("DROP SCHEMA IF EXISTS rasa CASCADE")
