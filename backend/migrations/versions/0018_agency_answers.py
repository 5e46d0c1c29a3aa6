"""What agencies tell that nobody of the office has seen yet, and documents that are shared with a turn."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("news_at", sa.DateTime(timezone=True)))
    op.create_index("ix_turn_news", "turn", ["news_at"], postgresql_where=sa.text("news_at IS NOT NULL"))
    op.create_table(
        "turn_document",
        sa.Column("turn_id", sa.Uuid(), sa.ForeignKey("turn.id"), primary_key=True),
        sa.Column("document_id", sa.Uuid(), sa.ForeignKey("dossier_document.id"), primary_key=True),
        sa.Column("shared_by", sa.Uuid(), sa.ForeignKey("staff_user.id"), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("turn_document")
    op.drop_index("ix_turn_news", "turn")
    op.drop_column("turn", "news_at")
