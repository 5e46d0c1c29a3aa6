"""Channels with vendors: accounts, contacts across channels, media, parts of a delivery, notices.

Every conversation there was becomes a contact of its own, under the conversation's own id.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


#: Enumerations that grow: table, column, what there was, what is added.
_GROWN = (
    ("delivery", "state", ("pending", "sending", "sent", "delivered", "read", "failed"), ("uncertain",)),
    (
        "conversation_event", "kind",
        (
            "opened", "queued", "assigned", "taken", "transferred", "returned_to_bot", "closed", "reopened", "rated",
            "emergency", "bot_failed", "reply_dropped", "petition_filed",
        ),
        ("contact_joined", "opted_out", "opted_in", "blocked_us", "unblocked_us"),
    ),
    (
        "petition", "channel",
        (
            "presencial", "gira", "correspondencia", "correo", "redes_sociales", "call_center", "chat_sonora",
            "whatsapp", "telegram",
        ),
        ("sms",),
    ),
)  # fmt: skip
_DUE = "state IN ('pending', 'sending'{more})"


def _limit(table: str, column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, sa.column(column, sa.String).in_(values))


def _index_due(more: str) -> None:
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index(
        "ix_delivery_due", "delivery", ["next_attempt_at"], postgresql_where=sa.text(_DUE.format(more=more))
    )


def upgrade() -> None:
    for table, column, were, added in _GROWN:
        _limit(table, column, (*were, *added))
    _index_due(", 'uncertain'")
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preferred_conversation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_table(
        "channel_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column(
            "receive_mode",
            sa.Enum("webhook", "poll", name="receive_mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("poll_cursor", sa.String(length=80), nullable=True),
        sa.Column("last_error_code", sa.String(length=60), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["staff_user.id"], name=op.f("fk_channel_account_updated_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_account")),
        sa.UniqueConstraint("channel", "account", name=op.f("uq_channel_account_channel_account")),
    )
    op.create_table(
        "unreadable_webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_account.id"], name=op.f("fk_unreadable_webhook_account_id_channel_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreadable_webhook")),
    )
    op.create_index(op.f("ix_unreadable_webhook_account_id"), "unreadable_webhook", ["account_id"], unique=False)
    op.create_table(
        "link_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_link_attempt_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_attempt")),
    )
    op.create_index("ix_link_attempt_conversation", "link_attempt", ["conversation_id", "at"], unique=False)
    op.create_table(
        "link_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_link_code_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["used_by_id"], ["conversation.id"], name=op.f("fk_link_code_used_by_id_conversation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_code")),
    )
    op.create_index("ix_link_code_code_hash", "link_code", ["code_hash"], unique=False)
    op.create_index(op.f("ix_link_code_conversation_id"), "link_code", ["conversation_id"], unique=False)
    op.create_table(
        "message_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "status_notice",
                "ask_information",
                "resume_conversation",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=1024), nullable=False),
        sa.Column("content_sid", sa.String(length=40), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "unsubmitted",
                "pending",
                "approved",
                "rejected",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rejection_reason", sa.String(length=500), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_account.id"], name=op.f("fk_message_template_account_id_channel_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint("account_id", "purpose", name=op.f("uq_message_template_account_id_purpose")),
    )
    op.create_table(
        "provider_content",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content_sid", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_account.id"], name=op.f("fk_provider_content_account_id_channel_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_provider_content")),
    )
    op.create_table(
        "inbound_media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=1000), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column(
            "state",
            sa.Enum("pending", "stored", "failed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_inbound_media_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_media")),
        sa.UniqueConstraint("message_id", "position", name=op.f("uq_inbound_media_message_id_position")),
    )
    op.create_index(
        "ix_inbound_media_due",
        "inbound_media",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(op.f("ix_inbound_media_message_id"), "inbound_media", ["message_id"], unique=False)
    op.create_table(
        "message_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_revision_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revision")),
        sa.UniqueConstraint("message_id", "external_id", name=op.f("uq_message_revision_message_id_external_id")),
    )
    op.create_index(op.f("ix_message_revision_message_id"), "message_revision", ["message_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["petition_event.id"], name=op.f("fk_notice_event_id_petition_event")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_notice_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("event_id", name=op.f("uq_notice_event_id")),
    )
    op.create_index(op.f("ix_notice_petition_id"), "notice", ["petition_id"], unique=False)
    op.create_table(
        "notice_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "chat", "template", "sms", "call_task", name="way", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("callback_task_id", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["callback_task_id"], ["callback_task.id"], name=op.f("fk_notice_attempt_callback_task_id_callback_task")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_notice_attempt_message_id_message")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_attempt_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_attempt")),
        sa.UniqueConstraint("notice_id", "position", name=op.f("uq_notice_attempt_notice_id_position")),
    )
    op.create_index(op.f("ix_notice_attempt_message_id"), "notice_attempt", ["message_id"], unique=False)
    op.create_index(op.f("ix_notice_attempt_notice_id"), "notice_attempt", ["notice_id"], unique=False)
    op.add_column("callback_task", sa.Column("petition_id", sa.Uuid(), nullable=True))
    op.alter_column("callback_task", "conversation_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(op.f("ix_callback_task_petition_id"), "callback_task", ["petition_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_callback_task_petition_id_petition"), "callback_task", "petition", ["petition_id"], ["id"]
    )
    op.create_foreign_key(
        "fk_contact_preferred_conversation_id_conversation",
        "contact",
        "conversation",
        ["preferred_conversation_id"],
        ["id"],
    )
    op.add_column("conversation", sa.Column("contact_id", sa.Uuid(), nullable=True))
    op.execute("INSERT INTO contact (id, created_at) SELECT id, created_at FROM conversation")
    op.execute("UPDATE conversation SET contact_id = id")
    op.alter_column("conversation", "contact_id", nullable=False)
    op.add_column("conversation", sa.Column("address", sa.String(length=160), nullable=True))
    op.add_column("conversation", sa.Column("verified_phone", sa.String(length=20), nullable=True))
    op.add_column("conversation", sa.Column("display_name", sa.String(length=120), nullable=True))
    op.add_column("conversation", sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_conversation_contact_id"), "conversation", ["contact_id"], unique=False)
    op.create_index(op.f("ix_conversation_verified_phone"), "conversation", ["verified_phone"], unique=False)
    op.create_foreign_key(op.f("fk_conversation_contact_id_contact"), "conversation", "contact", ["contact_id"], ["id"])
    op.add_column("delivery", sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    op.alter_column("delivery", "part", server_default=None)
    op.add_column("delivery", sa.Column("text", sa.String(), nullable=True))
    op.add_column("delivery", sa.Column("has_buttons", sa.Boolean(), server_default="true", nullable=False))
    op.alter_column("delivery", "has_buttons", server_default=None)
    op.add_column("delivery", sa.Column("attachment_id", sa.Uuid(), nullable=True))
    op.add_column("delivery", sa.Column("template_purpose", sa.String(length=40), nullable=True))
    op.add_column(
        "delivery",
        sa.Column("template_values", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )
    op.alter_column("delivery", "template_values", server_default=None)
    op.add_column("delivery", sa.Column("template_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_delivery_template_id_message_template"), "delivery", "message_template", ["template_id"], ["id"]
    )
    op.alter_column(
        "delivery",
        "recipient",
        existing_type=sa.VARCHAR(length=120),
        type_=sa.String(length=160),
        existing_nullable=False,
    )
    op.drop_constraint(op.f("uq_delivery_message_id"), "delivery", type_="unique")
    op.create_index("ix_delivery_provider_id", "delivery", ["channel", "account", "provider_id"], unique=False)
    op.create_unique_constraint(op.f("uq_delivery_message_id_part"), "delivery", ["message_id", "part"])
    op.create_foreign_key(
        op.f("fk_delivery_attachment_id_attachment"), "delivery", "attachment", ["attachment_id"], ["id"]
    )
    op.add_column(
        "message", sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    )
    op.alter_column("message", "extra", server_default=None)
    op.add_column("message", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("message", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("UPDATE delivery SET state = 'pending' WHERE state = 'uncertain'")
    op.execute("UPDATE petition SET channel = 'chat_sonora' WHERE channel = 'sms'")
    op.execute(
        "DELETE FROM conversation_event WHERE kind IN ('contact_joined', 'opted_out', 'opted_in', 'blocked_us', 'unblocked_us')"
    )
    op.execute("DELETE FROM delivery_attempt WHERE delivery_id IN (SELECT id FROM delivery WHERE part > 0)")
    op.execute("DELETE FROM delivery WHERE part > 0")
    for table, column, were, _ in _GROWN:
        _limit(table, column, were)
    _index_due("")
    op.drop_column("message", "deleted_at")
    op.drop_column("message", "edited_at")
    op.drop_column("message", "extra")
    op.drop_constraint(op.f("fk_delivery_attachment_id_attachment"), "delivery", type_="foreignkey")
    op.drop_constraint(op.f("uq_delivery_message_id_part"), "delivery", type_="unique")
    op.drop_index("ix_delivery_provider_id", table_name="delivery")
    op.create_unique_constraint(op.f("uq_delivery_message_id"), "delivery", ["message_id"])
    op.alter_column(
        "delivery",
        "recipient",
        existing_type=sa.String(length=160),
        type_=sa.VARCHAR(length=120),
        existing_nullable=False,
    )
    op.drop_constraint(op.f("fk_delivery_template_id_message_template"), "delivery", type_="foreignkey")
    op.drop_column("delivery", "template_id")
    op.drop_column("delivery", "template_values")
    op.drop_column("delivery", "template_purpose")
    op.drop_column("delivery", "attachment_id")
    op.drop_column("delivery", "has_buttons")
    op.drop_column("delivery", "text")
    op.drop_column("delivery", "part")
    op.drop_constraint(op.f("fk_conversation_contact_id_contact"), "conversation", type_="foreignkey")
    op.drop_index(op.f("ix_conversation_verified_phone"), table_name="conversation")
    op.drop_index(op.f("ix_conversation_contact_id"), table_name="conversation")
    op.drop_column("conversation", "blocked_at")
    op.drop_column("conversation", "opted_out_at")
    op.drop_column("conversation", "display_name")
    op.drop_column("conversation", "verified_phone")
    op.drop_column("conversation", "address")
    op.drop_column("conversation", "contact_id")
    op.drop_constraint("fk_contact_preferred_conversation_id_conversation", "contact", type_="foreignkey")
    op.drop_constraint(op.f("fk_callback_task_petition_id_petition"), "callback_task", type_="foreignkey")
    op.drop_index(op.f("ix_callback_task_petition_id"), table_name="callback_task")
    op.drop_column("callback_task", "petition_id")
    op.drop_index(op.f("ix_notice_attempt_notice_id"), table_name="notice_attempt")
    op.drop_index(op.f("ix_notice_attempt_message_id"), table_name="notice_attempt")
    op.drop_table("notice_attempt")
    op.execute("DELETE FROM callback_task WHERE conversation_id IS NULL")
    op.alter_column("callback_task", "conversation_id", existing_type=sa.UUID(), nullable=False)
    op.drop_index(op.f("ix_notice_petition_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_message_revision_message_id"), table_name="message_revision")
    op.drop_table("message_revision")
    op.drop_index(op.f("ix_inbound_media_message_id"), table_name="inbound_media")
    op.drop_index("ix_inbound_media_due", table_name="inbound_media", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("inbound_media")
    op.drop_table("provider_content")
    op.drop_table("message_template")
    op.drop_index(op.f("ix_link_code_conversation_id"), table_name="link_code")
    op.drop_index("ix_link_code_code_hash", table_name="link_code")
    op.drop_table("link_code")
    op.drop_index("ix_link_attempt_conversation", table_name="link_attempt")
    op.drop_table("link_attempt")
    op.drop_table("unreadable_webhook")
    op.drop_table("channel_account")
    op.drop_table("contact")
