"""ARCO requests; blocking, legal holds and terms of retention; what only the retention job may empty."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

#: What is never changed nor deleted: the function of its trigger, its complaint, and the columns of personal data
#: that the retention job alone may empty, by a setting of its transaction.
_KEPT = {
    "petition_event_stays": ("a petition''s events are never changed nor deleted", "text,detail"),
    "interaction_change_stays": ("a contact''s corrections are never changed nor deleted", "reason,fields"),
}
_STAYS = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;{emptied}
  RAISE EXCEPTION '{complaint}';
END $$
"""
_EMPTIED = """
  IF TG_OP = 'UPDATE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    IF to_jsonb(OLD) - '{{{columns}}}'::text[] = to_jsonb(NEW) - '{{{columns}}}'::text[] THEN
      RETURN NEW;
    END IF;
  END IF;"""
#: As migration 0027 has it: what a correction says may be sealed anew, by who says so in its transaction.
_SEALED = """
  IF TG_OP = 'UPDATE' AND current_setting('chat_sonora.sealing', true) = 'on'
     AND to_jsonb(NEW) - 'fields' - 'fields_turned' = to_jsonb(OLD) - 'fields' - 'fields_turned' THEN
    RETURN NEW;
  END IF;"""
_LETTER = """
CREATE OR REPLACE FUNCTION letter_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;{emptied}
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'letter' THEN
    IF to_jsonb(OLD)->>'cancelled_at' IS NULL AND to_jsonb(NEW)->>'cancelled_at' IS NOT NULL AND
       to_jsonb(OLD) - '{{cancelled_at,cancelled_by,cancel_reason}}'::text[]
       = to_jsonb(NEW) - '{{cancelled_at,cancelled_by,cancel_reason}}'::text[] THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a letter and its template are never changed nor deleted';
END $$
"""
_LETTER_EMPTIED = _EMPTIED.replace("TG_OP = 'UPDATE' AND", "TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'letter' AND").format(
    columns="addressee,subject,pdf_sha256,docx_sha256"
)
_HISTORY = """
CREATE OR REPLACE FUNCTION history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;{emptied}
  RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME;
END $$
"""
_HISTORY_EMPTIED = _EMPTIED.replace(
    "TG_OP = 'UPDATE' AND", "TG_OP = 'UPDATE' AND TG_TABLE_NAME IN ('task_event', 'arco_event') AND"
).format(columns="text,detail")


def upgrade() -> None:
    _create_arco()
    _create_retention()
    for column in ("opposed_at", "withheld_at", "wiped_at"):
        op.add_column("person", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("wipe_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_person_wipe", "person", ["wipe_on"], postgresql_where=sa.text("wiped_at IS NULL AND wipe_on IS NOT NULL")
    )
    for table in ("petition", "conversation"):
        for column in ("withheld_at", "wiped_at"):
            op.add_column(table, sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    _replace_triggers(is_emptied=True)
    for table in ("arco_event", "retention_run"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION history_stays()"
        )


def downgrade() -> None:
    _replace_triggers(is_emptied=False)
    for table in ("conversation", "petition"):
        for column in ("withheld_at", "wiped_at"):
            op.drop_column(table, column)
    op.drop_index("ix_person_wipe", table_name="person")
    for column in ("opposed_at", "withheld_at", "wipe_on", "wiped_at"):
        op.drop_column("person", column)
    for table in (
        "retention_run", "legal_hold", "retention_term", "arco_event", "arco_file", "arco_clarification", "arco_request",
    ):  # fmt: skip
        op.drop_table(table)


def _replace_triggers(*, is_emptied: bool) -> None:
    for name, (complaint, columns) in _KEPT.items():
        emptied = _EMPTIED.format(columns=columns) if is_emptied else ""
        emptied += _SEALED if name == "interaction_change_stays" else ""
        op.execute(_STAYS.format(name=name, emptied=emptied, complaint=complaint))
    op.execute(_LETTER.format(emptied=_LETTER_EMPTIED if is_emptied else ""))
    op.execute(_HISTORY.format(emptied=_HISTORY_EMPTIED if is_emptied else ""))


def _create_arco() -> None:
    op.create_table(
        "arco_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column(
            "right",
            sa.Enum(
                "acceso",
                "rectificacion",
                "cancelacion",
                "oposicion",
                "portabilidad",
                "revocacion",
                name="right",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "recibida",
                "en_proceso",
                "en_prevencion",
                "procedente",
                "cumplida",
                "improcedente",
                "no_presentada",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("extension_reason", sa.String(length=1000), nullable=False),
        sa.Column(
            "identity",
            sa.Enum(
                "ine",
                "pasaporte",
                "cedula_profesional",
                "cartilla_militar",
                "firma_electronica",
                "representante",
                name="identity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("identity_note", sa.String(length=300), nullable=False),
        sa.Column("identity_by", sa.Uuid(), nullable=True),
        sa.Column("identity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column(
            "refusal",
            sa.Enum(
                "identidad_no_acreditada",
                "no_se_tienen_los_datos",
                "impedimento_legal",
                "derechos_de_tercero",
                "actuaciones_en_curso",
                "resolucion_de_autoridad",
                "ya_realizada",
                "no_competente",
                "obligacion_legal_de_conservar",
                name="refusal",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reminded_step", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'cumplida') = (done_on IS NOT NULL)", name=op.f("ck_arco_request_done_has_day")),
        sa.CheckConstraint(
            "(state = 'improcedente') = (refusal IS NOT NULL)", name=op.f("ck_arco_request_refused_for_a_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('procedente', 'cumplida', 'improcedente')) = (answered_on IS NOT NULL)",
            name=op.f("ck_arco_request_answered_has_day"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('procedente', 'cumplida') OR identity IS NOT NULL",
            name=op.f("ck_arco_request_granted_to_somebody"),
        ),
        sa.CheckConstraint(
            "(identity IS NULL) = (identity_at IS NULL)", name=op.f("ck_arco_request_identity_has_moment")
        ),
        sa.ForeignKeyConstraint(
            ["identity_by"], ["staff_user.id"], name=op.f("fk_arco_request_identity_by_staff_user")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_arco_request_person_id_person")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_arco_request_petition_id_petition")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_arco_request_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arco_request")),
        sa.UniqueConstraint("petition_id", name=op.f("uq_arco_request_petition_id")),
    )
    op.create_index(
        "ix_arco_request_open",
        "arco_request",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('recibida', 'en_proceso', 'en_prevencion', 'procedente')"),
    )
    op.create_index(op.f("ix_arco_request_person_id"), "arco_request", ["person_id"], unique=False)
    op.create_index("ix_arco_request_received", "arco_request", ["received_on", "id"], unique=False)
    op.create_table(
        "arco_clarification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.CheckConstraint("answered_on >= asked_on", name=op.f("ck_arco_clarification_answered_after_asked")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["arco_request.id"], name=op.f("fk_arco_clarification_request_id_arco_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arco_clarification")),
    )
    op.create_index(op.f("ix_arco_clarification_request_id"), "arco_clarification", ["request_id"], unique=False)
    op.create_table(
        "arco_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["arco_request.id"], name=op.f("fk_arco_file_request_id_arco_request")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_arco_file_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arco_file")),
    )
    op.create_index(op.f("ix_arco_file_request_id"), "arco_file", ["request_id"], unique=False)
    op.create_table(
        "arco_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "recibida",
                "clasificada",
                "asignada",
                "identidad",
                "prevencion",
                "prevencion_atendida",
                "ampliacion",
                "copia_entregada",
                "datos_corregidos",
                "procedente",
                "improcedente",
                "no_presentada",
                "cumplida",
                "archivo",
                "nota",
                "recordatorio",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["arco_request.id"], name=op.f("fk_arco_event_request_id_arco_request")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_arco_event_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arco_event")),
    )
    op.create_index("ix_arco_event_request", "arco_event", ["request_id", "id"], unique=False)


def _create_retention() -> None:
    op.create_table(
        "retention_term",
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("blocked_days", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("keep_days > 0 AND blocked_days >= 0", name=op.f("ck_retention_term_days")),
        sa.ForeignKeyConstraint(["set_by"], ["staff_user.id"], name=op.f("fk_retention_term_set_by_staff_user")),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_retention_term")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(person_id, petition_id, conversation_id) = 1", name=op.f("ck_legal_hold_on_one_thing")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_legal_hold_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["lifted_by"], ["staff_user.id"], name=op.f("fk_legal_hold_lifted_by_staff_user")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_legal_hold_person_id_person")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_legal_hold_petition_id_petition")),
        sa.ForeignKeyConstraint(["set_by"], ["staff_user.id"], name=op.f("fk_legal_hold_set_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_conversation_id"), "legal_hold", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_legal_hold_person_id"), "legal_hold", ["person_id"], unique=False)
    op.create_index(op.f("ix_legal_hold_petition_id"), "legal_hold", ["petition_id"], unique=False)
    op.create_index(
        "ix_legal_hold_standing", "legal_hold", ["set_at"], unique=False, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "retention_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_retention_run")),
    )
