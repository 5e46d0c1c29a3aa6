"""Labels of petitions, and saved views of the list."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("folded", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("folded", name=op.f("uq_label_folded")),
    )
    op.create_table(
        "petition_label",
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_label_petition_id_petition")),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_petition_label_label_id_label")),
        sa.PrimaryKeyConstraint("petition_id", "label_id", name=op.f("pk_petition_label")),
    )
    op.create_index("ix_petition_label_label", "petition_label", ["label_id", "petition_id"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["staff_user.id"], name=op.f("fk_saved_view_owner_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_view_owner_id_name")),
    )
    op.create_index("ix_saved_view_shared", "saved_view", ["is_shared"])


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_table("petition_label")
    op.drop_table("label")
