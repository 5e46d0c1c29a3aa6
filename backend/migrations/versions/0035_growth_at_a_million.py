"""By an index: which turns to look at today and which have no oficio, and what staff labelled, by its state."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

IS_OPEN = "state IN ('turnado', 'recibido')"
_LABELLED = (
    ("state", ["label_state", "created_at"], "is_worth_a_look AND text_key IS NOT NULL"),
    ("pending", ["created_at"], "is_worth_a_look AND text_key IS NOT NULL AND label_state = 'pending'"),
    ("untold", ["created_at"], "is_worth_a_look AND text_key IS NULL"),
    ("labelled", ["labelled_at"], "labelled_at IS NOT NULL"),
    ("learned", ["text_key"], "label_state = 'labelled' AND masked_text IS NOT NULL"),
)


def upgrade() -> None:
    op.add_column("turn", sa.Column("looked_on", sa.Date(), server_default="2000-01-01", nullable=False))
    op.add_column("turn", sa.Column("has_letter", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE turn SET has_letter = true"
        " WHERE EXISTS (SELECT FROM letter WHERE letter.turn_id = turn.id AND letter.cancelled_at IS NULL)"
    )
    op.create_index("ix_turn_open_looked", "turn", ["looked_on", "due_on", "id"], postgresql_where=sa.text(IS_OPEN))
    op.create_index(
        "ix_turn_unlettered",
        "turn",
        ["due_on", "created_at", "id"],
        postgresql_where=sa.text(f"{IS_OPEN} AND NOT has_letter"),
    )
    for name, columns, rows in _LABELLED:
        op.create_index(f"ix_understanding_{name}", "understanding", columns, postgresql_where=sa.text(rows))


def downgrade() -> None:
    for name, _, _ in _LABELLED:
        op.drop_index(f"ix_understanding_{name}", "understanding")
    op.drop_index("ix_turn_unlettered", "turn")
    op.drop_index("ix_turn_open_looked", "turn")
    op.drop_column("turn", "has_letter")
    op.drop_column("turn", "looked_on")
