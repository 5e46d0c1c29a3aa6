"""What the bot made of each message, and what staff say that it meant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "understanding",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=60), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("ranking", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("is_typed", sa.Boolean(), nullable=False),
        sa.Column("in_form", sa.Boolean(), nullable=False),
        sa.Column("is_handed_over", sa.Boolean(), nullable=False),
        sa.Column("follow_up", sa.String(length=40), nullable=True),
        sa.Column("is_worth_a_look", sa.Boolean(), nullable=False),
        sa.Column("masked_text", sa.String(), nullable=True),
        sa.Column("text_key", sa.String(length=64), nullable=True),
        sa.Column("label_state", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=True),
        sa.Column("label_batch", sa.Uuid(), nullable=True),
        sa.Column("labelled_by", sa.Uuid(), nullable=True),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("outcome IN ('answered', 'asked', 'not_understood')", name=op.f("ck_understanding_outcome")),
        sa.CheckConstraint(
            "follow_up IN ('confirmed', 'other_reading', 'neither', 'asked_for_person')",
            name=op.f("ck_understanding_follow_up"),
        ),
        sa.CheckConstraint(
            "label_state IN ('pending', 'labelled', 'discarded')", name=op.f("ck_understanding_label_state")
        ),
        sa.CheckConstraint(
            "(label_state = 'labelled') = (label IS NOT NULL)", name=op.f("ck_understanding_label_named")
        ),
        sa.CheckConstraint(
            "(label_state = 'pending') = (labelled_at IS NULL)", name=op.f("ck_understanding_label_dated")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_understanding_message_id_message")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_understanding_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(
            ["labelled_by"], ["staff_user.id"], name=op.f("fk_understanding_labelled_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_understanding")),
    )
    op.create_index("ix_understanding_conversation", "understanding", ["conversation_id", "created_at"])
    op.create_index(
        "ix_understanding_review", "understanding", ["created_at"], postgresql_where=sa.text("is_worth_a_look")
    )
    op.create_index(
        "ix_understanding_text_key", "understanding", ["text_key"], postgresql_where=sa.text("text_key IS NOT NULL")
    )
    op.create_index(
        "ix_understanding_batch", "understanding", ["label_batch"], postgresql_where=sa.text("label_batch IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("understanding")
