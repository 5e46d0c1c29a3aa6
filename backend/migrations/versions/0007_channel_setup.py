"""Setting up channels: what administrators did, versions of templates, when lists were compared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ONE_A_PURPOSE = "uq_message_template_account_id_purpose"
_ONE_A_VERSION = "uq_message_template_account_id_purpose_version"


def upgrade() -> None:
    op.create_table(
        "admin_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_admin_event_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_event")),
    )
    op.create_index("ix_admin_event_subject", "admin_event", ["subject_id", "at"])
    op.add_column("channel_account", sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message_template", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.alter_column("message_template", "version", server_default=None)
    op.add_column("message_template", sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message_template", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f(_ONE_A_PURPOSE), "message_template", type_="unique")
    op.create_unique_constraint(op.f(_ONE_A_VERSION), "message_template", ["account_id", "purpose", "version"])


def downgrade() -> None:
    # Only the newest version of each can stay; what was sent with an older one keeps its text, not its template.
    op.execute(
        "CREATE TEMPORARY TABLE superseded ON COMMIT DROP AS SELECT older.id FROM message_template older"
        " WHERE EXISTS (SELECT 1 FROM message_template newer WHERE newer.account_id = older.account_id"
        " AND newer.purpose = older.purpose AND newer.version > older.version)"
    )
    op.execute("UPDATE delivery SET template_id = NULL WHERE template_id IN (SELECT id FROM superseded)")
    op.execute("DELETE FROM message_template WHERE id IN (SELECT id FROM superseded)")
    op.drop_constraint(op.f(_ONE_A_VERSION), "message_template", type_="unique")
    op.create_unique_constraint(op.f(_ONE_A_PURPOSE), "message_template", ["account_id", "purpose"])
    for column in ("decided_at", "submitted_at", "version"):
        op.drop_column("message_template", column)
    op.drop_column("channel_account", "reconciled_at")
    op.drop_index("ix_admin_event_subject", table_name="admin_event")
    op.drop_table("admin_event")
