"""The contact ledger, and the areas of the office to which staff belong."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STAYS = """
CREATE FUNCTION interaction_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a contact''s corrections are never changed nor deleted';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "office_area",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("short_name", sa.String(length=60), nullable=False),
        sa.Column("extension", sa.String(length=20), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_area")),
        sa.UniqueConstraint("key", name=op.f("uq_office_area_key")),
    )
    op.create_table(
        "interaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bot_seconds", sa.Integer(), nullable=True),
        sa.Column("queue_seconds", sa.Integer(), nullable=True),
        sa.Column("person_seconds", sa.Integer(), nullable=True),
        sa.Column("citizen_seconds", sa.Integer(), nullable=True),
        sa.Column("bot_office_seconds", sa.Integer(), nullable=True),
        sa.Column("queue_office_seconds", sa.Integer(), nullable=True),
        sa.Column("person_office_seconds", sa.Integer(), nullable=True),
        sa.Column("citizen_office_seconds", sa.Integer(), nullable=True),
        sa.Column("attended_by", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("extension", sa.String(length=20), nullable=True),
        sa.Column("transfer_area_id", sa.Uuid(), nullable=True),
        sa.Column("transfer_to", sa.String(length=160), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("caller_name", sa.String(length=200), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("municipality_id", sa.String(length=5), nullable=True),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("handoff_reason", sa.String(length=40), nullable=True),
        sa.Column("bot_answers", sa.Integer(), nullable=True),
        sa.Column("bot_misses", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('chat', 'llamada', 'visita')", name=op.f("ck_interaction_kind")),
        sa.CheckConstraint("direction IN ('recibida', 'realizada')", name=op.f("ck_interaction_direction")),
        sa.CheckConstraint("source IN ('consola', 'chat', 'twilio', 'cdr')", name=op.f("ck_interaction_source")),
        sa.CheckConstraint("attended_by IN ('bot', 'persona', 'nadie')", name=op.f("ck_interaction_attended_by")),
        sa.CheckConstraint(
            "outcome IN ('atendida', 'transferida', 'abandonada', 'buzon', 'no_contesto', 'ocupado', 'numero_equivocado', 'fallida')",
            name=op.f("ck_interaction_outcome"),
        ),
        sa.CheckConstraint(
            "purpose IN ('peticion', 'informacion', 'seguimiento', 'queja', 'felicitacion', 'transferida', 'equivocada', 'broma')",
            name=op.f("ck_interaction_purpose"),
        ),
        sa.CheckConstraint(
            "kind <> 'chat' OR conversation_id IS NOT NULL", name=op.f("ck_interaction_chat_has_conversation")
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_interaction_ends_after_start")),
        sa.CheckConstraint("outcome IS NULL OR ended_at IS NOT NULL", name=op.f("ck_interaction_outcome_at_the_end")),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_interaction_score_range")),
        sa.ForeignKeyConstraint(["agent_id"], ["staff_user.id"], name=op.f("fk_interaction_agent_id_staff_user")),
        sa.ForeignKeyConstraint(["area_id"], ["office_area.id"], name=op.f("fk_interaction_area_id_office_area")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_interaction_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_interaction_created_by_staff_user")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_interaction_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_interaction_person_id_person")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_interaction_petition_id_petition")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_interaction_topic_id_topic")),
        sa.ForeignKeyConstraint(
            ["transfer_area_id"], ["office_area.id"], name=op.f("fk_interaction_transfer_area_id_office_area")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_interaction_source_external_id")),
    )
    op.create_index("ix_interaction_agent_started", "interaction", ["agent_id", "started_at"])
    op.create_index("ix_interaction_conversation", "interaction", ["conversation_id", "started_at"])
    op.create_index("ix_interaction_open", "interaction", ["started_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_interaction_person", "interaction", ["person_id", "started_at"])
    op.create_index("ix_interaction_petition", "interaction", ["petition_id", "started_at"])
    op.create_index("ix_interaction_phone", "interaction", ["phone", "started_at"])
    op.create_index("ix_interaction_started", "interaction", ["started_at"])
    op.create_table(
        "interaction_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_interaction_change_interaction_id_interaction")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_interaction_change_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_change")),
    )
    op.create_index("ix_interaction_change_interaction", "interaction_change", ["interaction_id", "at"])
    op.add_column("staff_user", sa.Column("area_id", sa.Uuid(), nullable=True))
    op.add_column("staff_user", sa.Column("extension", sa.String(length=20), nullable=True))
    op.create_unique_constraint(op.f("uq_staff_user_extension"), "staff_user", ["extension"])
    op.create_foreign_key(op.f("fk_staff_user_area_id_office_area"), "staff_user", "office_area", ["area_id"], ["id"])
    op.execute(_STAYS)
    op.execute(
        "CREATE TRIGGER interaction_change_stays BEFORE UPDATE OR DELETE ON interaction_change"
        " FOR EACH ROW EXECUTE FUNCTION interaction_change_stays()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER interaction_change_stays ON interaction_change")
    op.execute("DROP FUNCTION interaction_change_stays()")
    op.drop_constraint(op.f("fk_staff_user_area_id_office_area"), "staff_user", type_="foreignkey")
    op.drop_constraint(op.f("uq_staff_user_extension"), "staff_user", type_="unique")
    op.drop_column("staff_user", "extension")
    op.drop_column("staff_user", "area_id")
    op.drop_table("interaction_change")
    op.drop_table("interaction")
    op.drop_table("office_area")
