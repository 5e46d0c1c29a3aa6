"""A second factor for accounts, where a session was opened, and the auditor's role (docs/adr/0025)."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ROLES_BEFORE = ("liaison", "analyst", "head", "admin")
_ROLES = ("liaison", "auditor", "analyst", "head", "admin")


def _allow(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_staff_user_role"), "staff_user", type_="check")
    op.create_check_constraint(op.f("ck_staff_user_role"), "staff_user", sa.column("role", sa.String).in_(values))


def upgrade() -> None:
    _allow(_ROLES)
    op.add_column("staff_user", sa.Column("second_factor_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_session", sa.Column("user_agent", sa.String(length=300), nullable=True))
    op.add_column("staff_session", sa.Column("address", sa.String(length=60), nullable=True))
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_second_factor_user_id_staff_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_recovery_code_user_id_staff_user")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])


def downgrade() -> None:
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_column("staff_session", "address")
    op.drop_column("staff_session", "user_agent")
    op.drop_column("staff_user", "second_factor_since")
    # An auditor would become somebody who attends citizens: the account is closed instead.
    op.execute("UPDATE staff_user SET role = 'analyst', is_active = false WHERE role = 'auditor'")
    _allow(_ROLES_BEFORE)
