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
    op.get_bind().exec_driver_sql(SchemaManager.get_schema())


def downgrade() -> None:
    op.get_bind().exec_driver_sql(_DROP)
