"""E-mail's outbox; an agency's evidence; which reminder a turn had last, and whether it is before the head."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("reminded_step", sa.Integer(), nullable=True))
    op.add_column("turn", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("turn", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "turn_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_turn_file_turn_id_turn")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_turn_file_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn_file")),
    )
    op.create_index(op.f("ix_turn_file_turn_id"), "turn_file", ["turn_id"])
    op.create_table(
        "email_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("link", sa.String(length=200), nullable=False),
        sa.Column("attachments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'off')", name=op.f("ck_email_message_state")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_email_message_petition_id_petition")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_email_message_turn_id_turn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_email_message_message_id")),
    )
    op.create_index(op.f("ix_email_message_petition_id"), "email_message", ["petition_id"])
    op.create_index(op.f("ix_email_message_turn_id"), "email_message", ["turn_id"])
    op.create_index(
        "ix_email_message_due",
        "email_message",
        ["next_attempt_at"],
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
    )


def downgrade() -> None:
    op.drop_table("email_message")
    op.drop_table("turn_file")
    for name in ("escalated_at", "reminded_at", "reminded_step"):
        op.drop_column("turn", name)
