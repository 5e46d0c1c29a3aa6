"""The job queue's own tables (procrastinate).

The schema is the installed library's. A later release that changes it brings its own
migrations (`procrastinate schema --migrations-path`): add them here as a new revision
that checks for what a fresh database already has.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DROP = """
DO $$
DECLARE item record;
BEGIN
  FOR item IN SELECT format('DROP TABLE IF EXISTS %I CASCADE', tablename) AS command
      FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%' LOOP
    EXECUTE item.command;
  END LOOP;
  FOR item IN SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) AS command
      FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%' LOOP
    EXECUTE item.command;
  END LOOP;
  FOR item IN SELECT format('DROP TYPE IF EXISTS %I CASCADE', typname) AS command
      FROM pg_type WHERE typnamespace = current_schema()::regnamespace
      AND typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') LOOP
    EXECUTE item.command;
  END LOOP;
END $$
"""


def upgrade() -> None:
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    _run(_DROP)


def _run(script: str) -> None:
    """Run a script whose percent signs are its own, in this migration's transaction."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(script)
