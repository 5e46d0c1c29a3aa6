"""Tasks, goals, shifts and breaks; requests for information; the Informe Trimestral and reports by e-mail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_PRESENCES = "state IN ('available', 'away', 'offline')"
_PRESENCES_WITH_BREAK = "state IN ('available', 'away', 'break', 'offline')"
#: Histories, and the rows behind closed figures: only the retention job may delete of them, nobody may change them.
_HISTORIES = ("presence_change", "task_event", "info_event", "quarter_rows")
_STAYS = """
CREATE FUNCTION history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of % are never changed nor deleted', TG_TABLE_NAME;
END $$
"""
_CLOSED_STAYS = """
CREATE FUNCTION closed_edition_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'a closed edition is never changed nor deleted';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$
"""
_TERMS = """
INSERT INTO info_terms (id, answer_days, extension_days, clarification_days, restarts, why) VALUES (
  1, 20, 10, 10, true,
  'Ley General de Transparencia y Acceso a la Información Pública: la respuesta se notifica en 20 días hábiles contados'
  ' desde el día siguiente a la presentación, con una prórroga de hasta 10 días hábiles si hay razones fundadas. Pedir'
  ' una aclaración interrumpe el plazo, que se cuenta de nuevo desde el día siguiente a que se conteste.'
)
"""


def upgrade() -> None:
    _create_staffing()
    _create_transparency()
    _create_quarterly()
    op.execute(_STAYS)
    for table in _HISTORIES:
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION history_stays()"
        )
    op.execute(_CLOSED_STAYS)
    op.execute(
        "CREATE TRIGGER closed_edition_stays BEFORE UPDATE OR DELETE ON quarter_edition"
        " FOR EACH ROW EXECUTE FUNCTION closed_edition_stays()"
    )


def downgrade() -> None:
    for table in (
        "report_dispatch_mail", "report_dispatch", "report_schedule", "quarter_rows", "quarter_edition", "quarter_goal",
        "info_event", "info_file", "info_clarification", "info_request", "info_terms",
        "shift_exception", "shift", "staff_goal", "task_event", "task", "presence_change",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP FUNCTION history_stays()")
    op.execute("DROP FUNCTION closed_edition_stays()")
    op.execute("UPDATE presence SET state = 'away', break_kind = NULL WHERE state = 'break'")
    op.drop_constraint(op.f("ck_presence_break_has_kind"), "presence", type_="check")
    op.drop_column("presence", "break_kind")
    op.drop_constraint(op.f("ck_presence_state"), "presence", type_="check")
    op.create_check_constraint(op.f("ck_presence_state"), "presence", _PRESENCES)


def _create_staffing() -> None:
    op.add_column("presence", sa.Column("break_kind", sa.String(length=40), nullable=True))
    op.drop_constraint(op.f("ck_presence_state"), "presence", type_="check")
    op.create_check_constraint(op.f("ck_presence_state"), "presence", _PRESENCES_WITH_BREAK)
    op.create_check_constraint(
        op.f("ck_presence_break_kind"), "presence", "break_kind IN ('descanso', 'comida', 'junta', 'capacitacion')"
    )
    op.create_check_constraint(
        op.f("ck_presence_break_has_kind"), "presence", "(state = 'break') = (break_kind IS NOT NULL)"
    )
    op.create_table(
        "presence_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("break_kind", sa.String(length=40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('available', 'away', 'break', 'offline')", name=op.f("ck_presence_change_state")),
        sa.CheckConstraint(
            "break_kind IN ('descanso', 'comida', 'junta', 'capacitacion')", name=op.f("ck_presence_change_break_kind")
        ),
        sa.CheckConstraint(
            "(state = 'break') = (break_kind IS NOT NULL)", name=op.f("ck_presence_change_break_has_kind")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_presence_change_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_change")),
    )
    op.create_index("ix_presence_change_user", "presence_change", ["user_id", "at", "id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pendiente', 'en_curso', 'hecha', 'cancelada')", name=op.f("ck_task_state")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_task_created_by_staff_user")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_task_petition_id_petition")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_task_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_created", "task", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_task_open_due",
        "task",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('pendiente', 'en_curso')"),
    )
    op.create_index(op.f("ix_task_petition_id"), "task", ["petition_id"], unique=False)
    op.create_index("ix_task_user_state", "task", ["user_id", "state", "due_on"], unique=False)
    op.create_table(
        "task_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('creada', 'editada', 'estado', 'comentario')", name=op.f("ck_task_event_kind")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_event_task_id_task")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_task_event_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_event")),
    )
    op.create_index("ix_task_event_task", "task_event", ["task_id", "id"], unique=False)
    op.create_table(
        "staff_goal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("figure", sa.String(length=60), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("period IN ('semana', 'mes', 'trimestre')", name=op.f("ck_staff_goal_period")),
        sa.CheckConstraint("target > 0", name=op.f("ck_staff_goal_target_positive")),
        sa.ForeignKeyConstraint(["set_by"], ["staff_user.id"], name=op.f("fk_staff_goal_set_by_staff_user")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_staff_goal_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_goal")),
        sa.UniqueConstraint(
            "user_id", "figure", "period", "starts_on", name=op.f("uq_staff_goal_user_id_figure_period_starts_on")
        ),
    )
    op.create_table(
        "shift",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.CheckConstraint("ends > starts", name=op.f("ck_shift_ends_after_start")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_shift_weekday_range")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_shift_user_id_staff_user")),
        sa.PrimaryKeyConstraint("user_id", "weekday", "starts", name=op.f("pk_shift")),
    )
    op.create_table(
        "shift_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('vacaciones', 'incapacidad', 'permiso', 'otro_horario')", name=op.f("ck_shift_exception_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'otro_horario') = (starts IS NOT NULL) AND (starts IS NULL) = (ends IS NULL)",
            name=op.f("ck_shift_exception_hours_if_other"),
        ),
        sa.CheckConstraint("ends > starts", name=op.f("ck_shift_exception_ends_after_start")),
        sa.CheckConstraint("last >= first", name=op.f("ck_shift_exception_last_after_first")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff_user.id"], name=op.f("fk_shift_exception_created_by_staff_user")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_shift_exception_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_exception")),
    )
    op.create_index("ix_shift_exception_user", "shift_exception", ["user_id", "last"], unique=False)
    # History begins with what everybody is now.
    op.execute("INSERT INTO presence_change (user_id, state, at) SELECT user_id, state, changed_at FROM presence")


def _create_transparency() -> None:
    op.create_table(
        "info_terms",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("extension_days", sa.Integer(), nullable=False),
        sa.Column("clarification_days", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_info_terms_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_info_terms")),
    )
    op.create_table(
        "info_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("folio", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Boolean(), nullable=False),
        sa.Column("extension_days", sa.Integer(), nullable=False),
        sa.Column("extension_reason", sa.String(length=1000), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reminded_step", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('recibida', 'en_proceso', 'en_aclaracion', 'contestada', 'no_competente', 'desechada')",
            name=op.f("ck_info_request_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('contestada', 'no_competente', 'desechada')) = (answered_on IS NOT NULL)",
            name=op.f("ck_info_request_closed_has_day"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["office_area.id"], name=op.f("fk_info_request_area_id_office_area")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_info_request_created_by_staff_user")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_info_request_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_info_request")),
        sa.UniqueConstraint("folio", name=op.f("uq_info_request_folio")),
    )
    op.create_index(
        "ix_info_request_open",
        "info_request",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('recibida', 'en_proceso', 'en_aclaracion')"),
    )
    op.create_index("ix_info_request_received", "info_request", ["received_on", "id"], unique=False)
    op.create_table(
        "info_clarification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.CheckConstraint("answered_on >= asked_on", name=op.f("ck_info_clarification_answered_after_asked")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["info_request.id"], name=op.f("fk_info_clarification_request_id_info_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_info_clarification")),
    )
    op.create_index(op.f("ix_info_clarification_request_id"), "info_clarification", ["request_id"], unique=False)
    op.create_table(
        "info_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["info_request.id"], name=op.f("fk_info_file_request_id_info_request")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_info_file_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_info_file")),
    )
    op.create_index(op.f("ix_info_file_request_id"), "info_file", ["request_id"], unique=False)
    op.create_table(
        "info_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('recibida', 'asignada', 'editada', 'aclaracion_pedida', 'aclaracion_recibida', 'prorroga', 'nota', 'archivo', 'cifra', 'cerrada', 'recordatorio')",
            name=op.f("ck_info_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["info_request.id"], name=op.f("fk_info_event_request_id_info_request")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_info_event_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_info_event")),
    )
    op.create_index("ix_info_event_request", "info_event", ["request_id", "id"], unique=False)
    op.execute(_TERMS)


def _create_quarterly() -> None:
    op.create_table(
        "quarter_goal",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quarter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("figure", sa.String(length=80), nullable=False),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_quarter_goal_quarter_range")),
        sa.CheckConstraint("target >= 0", name=op.f("ck_quarter_goal_target_range")),
        sa.ForeignKeyConstraint(["set_by"], ["staff_user.id"], name=op.f("fk_quarter_goal_set_by_staff_user")),
        sa.PrimaryKeyConstraint("year", "quarter", "figure", name=op.f("pk_quarter_goal")),
    )
    op.create_table(
        "quarter_edition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (content IS NULL) AND (closed_at IS NULL) = (sha256 IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name=op.f("ck_quarter_edition_closed_is_whole"),
        ),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_quarter_edition_quarter_range")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff_user.id"], name=op.f("fk_quarter_edition_closed_by_staff_user")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff_user.id"], name=op.f("fk_quarter_edition_created_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarter_edition")),
        sa.UniqueConstraint("year", "quarter", "number", name=op.f("uq_quarter_edition_year_quarter_number")),
    )
    op.create_table(
        "quarter_rows",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("figure", sa.String(length=80), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["quarter_edition.id"], name=op.f("fk_quarter_rows_edition_id_quarter_edition")
        ),
        sa.PrimaryKeyConstraint("edition_id", "figure", name=op.f("pk_quarter_rows")),
    )
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.String(length=60), nullable=False),
        sa.Column("frequency", sa.String(length=40), nullable=False),
        sa.Column("formats", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("user_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "frequency IN ('semanal', 'mensual', 'trimestral')", name=op.f("ck_report_schedule_frequency")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff_user.id"], name=op.f("fk_report_schedule_created_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_table(
        "report_dispatch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('hecho', 'fallido')", name=op.f("ck_report_dispatch_state")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedule.id"], name=op.f("fk_report_dispatch_schedule_id_report_schedule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_dispatch")),
        sa.UniqueConstraint("schedule_id", "period", name=op.f("uq_report_dispatch_schedule_id_period")),
    )
    op.create_index("ix_report_dispatch_at", "report_dispatch", ["at"], unique=False)
    op.create_table(
        "report_dispatch_mail",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("dispatch_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dispatch_id"], ["report_dispatch.id"], name=op.f("fk_report_dispatch_mail_dispatch_id_report_dispatch")
        ),
        sa.ForeignKeyConstraint(
            ["email_id"], ["email_message.id"], name=op.f("fk_report_dispatch_mail_email_id_email_message")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff_user.id"], name=op.f("fk_report_dispatch_mail_user_id_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_dispatch_mail")),
        sa.UniqueConstraint("dispatch_id", "user_id", name=op.f("uq_report_dispatch_mail_dispatch_id_user_id")),
    )
    op.create_index(op.f("ix_report_dispatch_mail_dispatch_id"), "report_dispatch_mail", ["dispatch_id"], unique=False)
