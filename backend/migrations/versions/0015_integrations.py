"""Other systems: accounts and scoped tokens, kept answers, webhooks; petitions in the order of change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHANNELS_BEFORE = ("presencial", "gira", "correspondencia", "correo", "redes_sociales", "call_center", "chat_sonora",
                   "whatsapp", "telegram", "sms")  # fmt: skip

#: In the event's own transaction: no event is lost, whatever wrote it and in whatever order commits fall.
#: For each statement, so that an import of thousands costs one insertion.
QUEUE_EVENTS = """
CREATE FUNCTION webhook_queue_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM webhook_subscription WHERE is_on) THEN
    INSERT INTO webhook_event (event_id) SELECT id FROM added;
  END IF;
  RETURN NULL;
END $$
"""


def _allow_channels(values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_petition_channel"), "petition", type_="check")
    op.create_check_constraint(op.f("ck_petition_channel"), "petition", sa.column("channel", sa.String).in_(values))


def upgrade() -> None:
    op.add_column("staff_user", sa.Column("is_system", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(
        op.f("ck_staff_user_system_never_signs_in"), "staff_user", "NOT (is_system AND is_active)"
    )
    op.add_column("staff_token", sa.Column("scopes", JSONB(), nullable=True))
    _allow_channels((*CHANNELS_BEFORE, "integracion"))
    op.create_index("ix_petition_updated", "petition", ["updated_at", "id"])
    op.create_index("ix_petition_agency_updated", "petition", ["agency_id", "updated_at", "id"])
    op.create_index("ix_petition_municipality_updated", "petition", ["municipality_id", "updated_at", "id"])
    op.create_table(
        "api_answer",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_api_answer")),
    )
    op.create_index(op.f("ix_api_answer_created_at"), "api_answer", ["created_at"])
    _create_webhooks()
    op.execute(QUEUE_EVENTS)
    op.execute(
        "CREATE TRIGGER webhook_queue_events AFTER INSERT ON petition_event REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION webhook_queue_events()"
    )


def _create_webhooks() -> None:
    op.create_table(
        "webhook_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("events", JSONB(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.String(length=40), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "stopped IN ('sin_respuesta', 'ya_no_existe')", name=op.f("ck_webhook_subscription_stopped")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscription")),
    )
    op.create_table(
        "webhook_event",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["petition_event.id"],
            name=op.f("fk_webhook_event_event_id_petition_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_webhook_event")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("folio", sa.String(length=20), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("round_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round_attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_code", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('pendiente', 'entregado', 'fallido')", name=op.f("ck_webhook_delivery_state")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["webhook_subscription.id"],
            name=op.f("fk_webhook_delivery_subscription_id_webhook_subscription"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["petition_event.id"],
            name=op.f("fk_webhook_delivery_event_id_petition_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("subscription_id", "event_id", name=op.f("uq_webhook_delivery_subscription_id_event_id")),
    )
    op.create_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", ["event_id"])
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["subscription_id", "due_at"],
        postgresql_where=sa.text("state = 'pendiente'"),
    )
    op.create_index("ix_webhook_delivery_latest", "webhook_delivery", ["subscription_id", "created_at"])


def downgrade() -> None:
    op.execute("DROP TRIGGER webhook_queue_events ON petition_event")
    op.execute("DROP FUNCTION webhook_queue_events()")
    for table in ("webhook_delivery", "webhook_event", "webhook_subscription", "api_answer"):
        op.drop_table(table)
    for name in ("municipality_updated", "agency_updated", "updated"):
        op.drop_index(f"ix_petition_{name}", "petition")
    # What the older vocabulary cannot say came by some message from elsewhere.
    op.execute("UPDATE petition SET channel = 'correo' WHERE channel = 'integracion'")
    _allow_channels(CHANNELS_BEFORE)
    # Without scopes these tokens would open everything.
    op.execute("DELETE FROM staff_token WHERE scopes IS NOT NULL")
    op.drop_column("staff_token", "scopes")
    op.drop_constraint(op.f("ck_staff_user_system_never_signs_in"), "staff_user", type_="check")
    op.drop_column("staff_user", "is_system")
