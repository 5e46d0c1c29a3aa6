"""Merges, links, groups, and neighbours who join; an index by place and time to find likely duplicates."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PETITION, STAFF = "petition", "staff_user"
NOW = sa.text("now()")


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _created() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    _create_merge()
    op.create_table(
        "petition_link",
        _id("one_id"),
        _id("other_id"),
        _id("created_by"),
        _created(),
        _to("petition_link", "one_id", PETITION),
        _to("petition_link", "other_id", PETITION),
        _to("petition_link", "created_by", STAFF),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_petition_link")),
    )
    op.create_index(op.f("ix_petition_link_other_id"), "petition_link", ["other_id"])
    op.create_table(
        "petition_group",
        _id(),
        sa.Column("title", sa.String(length=160), nullable=False),
        _id("created_by"),
        _created(),
        _to("petition_group", "created_by", STAFF),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_group")),
    )
    op.create_table(
        "petition_group_member",
        _id("petition_id"),
        _id("group_id"),
        _created(),
        _to("petition_group_member", "petition_id", PETITION),
        _to("petition_group_member", "group_id", "petition_group"),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_group_member")),
    )
    op.create_index(op.f("ix_petition_group_member_group_id"), "petition_group_member", ["group_id"])
    _create_supporters()
    op.execute(
        "CREATE INDEX ix_petition_place ON petition"
        " (municipality_id, translate(lower(colonia), 'áéíóúüñ', 'aeiouun'), created_at)"
    )


def _create_merge() -> None:
    op.create_table(
        "petition_merge",
        _id(),
        _id("merged_id"),
        _id("kept_id"),
        _id("root_id"),
        sa.Column("told_through", sa.BigInteger(), nullable=False),
        _id("created_by"),
        _created(),
        _id("undone_by", nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        _to("petition_merge", "merged_id", PETITION),
        _to("petition_merge", "kept_id", PETITION),
        _to("petition_merge", "root_id", PETITION),
        _to("petition_merge", "created_by", STAFF),
        _to("petition_merge", "undone_by", STAFF),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_merge")),
    )
    op.create_index(op.f("ix_petition_merge_kept_id"), "petition_merge", ["kept_id"])
    op.create_index(op.f("ix_petition_merge_root_id"), "petition_merge", ["root_id"])
    op.create_index(
        "uq_petition_merge_active",
        "petition_merge",
        ["merged_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def _create_supporters() -> None:
    table = "petition_supporter"
    op.create_table(
        table,
        _id(),
        _id("petition_id"),
        _id("conversation_id", nullable=True),
        _id("person_id", nullable=True),
        sa.Column("narrative", sa.String(), nullable=False),
        sa.Column("told_through", sa.BigInteger(), nullable=False),
        _created(),
        _to(table, "petition_id", PETITION),
        _to(table, "conversation_id", "conversation"),
        _to(table, "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_supporter")),
        sa.UniqueConstraint(
            "petition_id", "conversation_id", name=op.f("uq_petition_supporter_petition_id_conversation_id")
        ),
    )
    op.create_index(op.f("ix_petition_supporter_conversation_id"), table, ["conversation_id"])
    table = "petition_supporter_notice"
    op.create_table(
        table,
        _id("supporter_id"),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        _id("message_id", nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        _created(),
        _to(table, "supporter_id", "petition_supporter"),
        _to(table, "event_id", "petition_event"),
        _to(table, "message_id", "message"),
        sa.PrimaryKeyConstraint("supporter_id", "event_id", name=op.f("pk_petition_supporter_notice")),
    )
    table = "petition_support_offer"
    op.create_table(
        table,
        _id("draft_id"),
        _id("petition_id"),
        sa.Column("is_joined", sa.Boolean(), nullable=True),
        _created(),
        _to(table, "draft_id", "petition_draft"),
        _to(table, "petition_id", PETITION),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_petition_support_offer")),
    )


def downgrade() -> None:
    op.drop_index("ix_petition_place", "petition")
    for table in (
        "petition_support_offer",
        "petition_supporter_notice",
        "petition_supporter",
        "petition_group_member",
        "petition_group",
        "petition_link",
        "petition_merge",
    ):
        op.drop_table(table)
