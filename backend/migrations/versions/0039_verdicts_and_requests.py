"""What was said of each petition's conclusion, the petitions of ARCO rights, and requests of a state in their order."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_petition_event_last_word", "petition_event", ["petition_id", "id"], "kind = 'citizen_verdict'"),
    ("ix_petition_arco", "petition", ["created_at", "id"], "kind = 'derechos_arco'"),
    *(
        (f"ix_{table}_state", table, ["state", "due_on", sa.text("received_on DESC"), "id"], None)
        for table in ("arco_request", "info_request")
    ),
)


def upgrade() -> None:
    for name, table, columns, rows in _INDEXES:
        op.create_index(name, table, columns, postgresql_where=rows and sa.text(rows))


def downgrade() -> None:
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table)
