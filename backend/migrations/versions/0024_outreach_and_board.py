"""Calls that are owed, one a person; campaigns, rules, the live board and its screens (docs/adr/0023)."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

#: Names every column, constraint and index that tells of the table after its new name, whichever table they are of
#: (from PostgreSQL 18 on NOT NULL has a name too).
_RENAMED = """
DO $$
DECLARE named record;
BEGIN
  FOR named IN SELECT attrelid::regclass AS owner, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = '{before}_id' LOOP
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', named.owner, named.attname, '{after}_id');
  END LOOP;
  FOR named IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace AND conname LIKE '%{before}%' LOOP
    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', named.owner, named.conname,
                   replace(named.conname, '{before}', '{after}'));
  END LOOP;
  FOR named IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%{before}%' LOOP
    EXECUTE format('ALTER INDEX %I RENAME TO %I', named.indexname, replace(named.indexname, '{before}', '{after}'));
  END LOOP;
END $$
"""
_KINDS = """
UPDATE call_reason SET
  kind = CASE
    WHEN call_reason.petition_id IS NULL THEN 'pidio'
    WHEN EXISTS (
      SELECT 1 FROM notice_attempt JOIN notice ON notice.id = notice_attempt.notice_id
        JOIN petition_event ON petition_event.id = notice.event_id
       WHERE notice_attempt.call_reason_id = call_reason.id
         AND petition_event.to_status IS DISTINCT FROM 'concluida_satisfactoria'
         AND petition_event.to_status IS DISTINCT FROM 'concluida_no_satisfactoria'
         AND petition_event.to_status IS DISTINCT FROM 'improcedente'
         AND petition_event.to_status IS DISTINCT FROM 'cancelada'
    ) THEN 'aviso'
    ELSE 'conclusion' END,
  purpose = CASE WHEN call_reason.petition_id IS NULL THEN 'seguimiento' ELSE 'informacion' END,
  task_id = gen_random_uuid()
"""
#: Of those that are owed, one call a telephone.
_JOINED = """
UPDATE call_reason SET task_id = first.task_id
  FROM (SELECT DISTINCT ON (phone) phone, task_id FROM call_reason
         WHERE state = 'pending' AND phone IS NOT NULL ORDER BY phone, created_at) AS first
 WHERE call_reason.phone = first.phone AND call_reason.state = 'pending'
"""
_TASKS = """
INSERT INTO call_task (id, phone, name, state, rank, due_on, next_try_at, tries, failed_tries, closed_at, closed_by,
                       closed_because, closed_note, created_at)
SELECT task_id, min(phone), min(name),
       CASE WHEN bool_or(state = 'pending') THEN 'pendiente' WHEN bool_or(done_by IS NOT NULL) THEN 'hecha'
            ELSE 'cerrada' END,
       min(CASE kind WHEN 'pidio' THEN 0 WHEN 'conclusion' THEN 2 ELSE 3 END),
       min((created_at AT TIME ZONE 'America/Hermosillo')::date + 1), min(created_at), 0, 0,
       CASE WHEN NOT bool_or(state = 'pending') THEN max(coalesce(done_at, created_at)) END,
       (array_agg(done_by))[1],
       CASE WHEN NOT bool_or(state = 'pending') AND NOT bool_or(done_by IS NOT NULL) THEN 'ya_no_hace_falta' END,
       '', min(created_at)
  FROM call_reason GROUP BY task_id
"""


def upgrade() -> None:
    op.create_table(
        "call_campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "peticion",
                "informacion",
                "seguimiento",
                "queja",
                "felicitacion",
                "transferida",
                "equivocada",
                "broma",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("script", sa.String(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "abierta", "pausada", "terminada", name="state", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_call_campaign_created_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_campaign")),
    )
    op.create_index("ix_call_campaign_created", "call_campaign", ["created_at"], unique=False)
    op.create_table(
        "call_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pendiente",
                "hecha",
                "agotada",
                "cerrada",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("last_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "last_outcome",
            sa.Enum(
                "contesto",
                "pidio_otra_hora",
                "no_contesto",
                "ocupado",
                "buzon",
                "numero_equivocado",
                name="last_outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column(
            "closed_because",
            sa.Enum(
                "numero_equivocado",
                "no_llamar",
                "ya_no_hace_falta",
                "campana_terminada",
                "personal",
                name="closed_because",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("closed_note", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'cerrada') = (closed_because IS NOT NULL)", name=op.f("ck_call_task_closed_for_a_reason")
        ),
        sa.CheckConstraint("(state = 'pendiente') = (closed_at IS NULL)", name=op.f("ck_call_task_closed_when_over")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff_user.id"], name=op.f("fk_call_task_assignee_id_staff_user")),
        sa.ForeignKeyConstraint(["claimed_by"], ["staff_user.id"], name=op.f("fk_call_task_claimed_by_staff_user")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff_user.id"], name=op.f("fk_call_task_closed_by_staff_user")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_call_task_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_task")),
    )
    op.create_index(
        "ix_call_task_closed",
        "call_task",
        ["closed_at", "id"],
        unique=False,
        postgresql_where=sa.text("state <> 'pendiente'"),
    )
    op.create_index(
        "ix_call_task_pending_due",
        "call_task",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pendiente'"),
    )
    op.create_index(
        "ix_call_task_pending_person",
        "call_task",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pendiente'"),
    )
    op.create_index(op.f("ix_call_task_phone"), "call_task", ["phone"], unique=False)
    op.create_index(
        "uq_call_task_pending_phone",
        "call_task",
        ["phone"],
        unique=True,
        postgresql_where=sa.text("state = 'pendiente'"),
    )
    _rename_reasons()
    op.execute(_KINDS)
    op.execute(_JOINED)
    op.execute(_TASKS)
    _require_reasons()
    _add_tries_and_rules()
    _add_board()


def _rename_reasons() -> None:
    op.rename_table("callback_task", "call_reason")
    op.execute(_RENAMED.format(before="callback_task", after="call_reason"))
    op.add_column("call_reason", sa.Column("task_id", sa.Uuid(), nullable=True))
    op.add_column("call_reason", sa.Column("kind", sa.String(length=40), nullable=True))
    op.add_column("call_reason", sa.Column("purpose", sa.String(length=40), nullable=True))
    op.add_column("call_reason", sa.Column("origin", sa.String(length=120), nullable=True))
    op.add_column("call_reason", sa.Column("campaign_id", sa.Uuid(), nullable=True))


def _require_reasons() -> None:
    for column in ("task_id", "kind", "purpose"):
        op.alter_column("call_reason", column, nullable=False)
    op.create_foreign_key(op.f("fk_call_reason_task_id_call_task"), "call_reason", "call_task", ["task_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_call_reason_campaign_id_call_campaign"), "call_reason", "call_campaign", ["campaign_id"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_call_reason_origin"), "call_reason", ["origin"])
    op.create_check_constraint(
        op.f("ck_call_reason_kind"),
        "call_reason",
        "kind IN ('pidio', 'abandono', 'conclusion', 'aviso', 'informacion', 'manual', 'campana')",
    )
    op.create_check_constraint(
        op.f("ck_call_reason_purpose"),
        "call_reason",
        "purpose IN ('peticion', 'informacion', 'seguimiento', 'queja', 'felicitacion', 'transferida', 'equivocada',"
        " 'broma')",
    )
    op.create_check_constraint(
        op.f("ck_call_reason_campaign_named"), "call_reason", "(kind = 'campana') = (campaign_id IS NOT NULL)"
    )
    op.create_index(op.f("ix_call_reason_task_id"), "call_reason", ["task_id"])
    op.create_index(op.f("ix_call_reason_campaign_id"), "call_reason", ["campaign_id"])


def _add_tries_and_rules() -> None:
    op.create_table(
        "call_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "contesto",
                "pidio_otra_hora",
                "no_contesto",
                "ocupado",
                "buzon",
                "numero_equivocado",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interaction_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_call_attempt_interaction_id_interaction")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["call_task.id"], name=op.f("fk_call_attempt_task_id_call_task")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_call_attempt_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempt")),
    )
    op.create_index("uq_call_attempt_task_number", "call_attempt", ["task_id", "number"], unique=True)
    op.create_table(
        "call_rules",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("most_tries", sa.Integer(), nullable=False),
        sa.Column("gap_minutes", sa.Integer(), nullable=False),
        sa.Column("busy_minutes", sa.Integer(), nullable=False),
        sa.Column("information_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_call_rules_one_row")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_call_rules_opens_first")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_rules")),
    )
    op.create_table(
        "do_not_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["staff_user.id"], name=op.f("fk_do_not_call_added_by_staff_user")),
        sa.ForeignKeyConstraint(["lifted_by"], ["staff_user.id"], name=op.f("fk_do_not_call_lifted_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_do_not_call")),
    )
    op.create_index(
        "uq_do_not_call_phone", "do_not_call", ["phone"], unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    # Within what is decent anywhere, and within the days on which the office works.
    op.execute(
        "INSERT INTO call_rules (id, opens, closes, weekdays, most_tries, gap_minutes, busy_minutes, information_days)"
        " VALUES (1, '09:00', '19:00', '01234', 4, 180, 20, 5)"
    )


def _add_board() -> None:
    op.create_table(
        "board_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chat_target", sa.Integer(), nullable=False),
        sa.Column("chat_seconds", sa.Integer(), nullable=False),
        sa.Column("call_target", sa.Integer(), nullable=False),
        sa.Column("call_seconds", sa.Integer(), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        sa.Column("emergency_seconds", sa.Integer(), nullable=False),
        sa.Column("bot_failures", sa.Integer(), nullable=False),
        sa.Column("undelivered_notices", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "chat_target BETWEEN 1 AND 100 AND call_target BETWEEN 1 AND 100", name=op.f("ck_board_settings_targets")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_board_settings_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_settings")),
    )
    op.create_table(
        "display_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_display_token_created_by_staff_user")),
        sa.ForeignKeyConstraint(["revoked_by"], ["staff_user.id"], name=op.f("fk_display_token_revoked_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_display_token_token_hash")),
    )
    op.create_index(
        "ix_display_token_live",
        "display_token",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.execute(
        "INSERT INTO board_settings (id, chat_target, chat_seconds, call_target, call_seconds, wait_seconds,"
        " emergency_seconds, bot_failures, undelivered_notices) VALUES (1, 80, 120, 80, 30, 300, 60, 3, 10)"
    )
    op.create_index(
        "ix_conversation_event_bot_failed",
        "conversation_event",
        ["at"],
        unique=False,
        postgresql_where=sa.text("kind = 'bot_failed'"),
    )
    op.create_index(
        "ix_interaction_missed",
        "interaction",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("outcome IN ('abandonada', 'buzon')"),
    )
    op.create_index("ix_notice_settled", "notice", ["settled_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_notice_settled", table_name="notice")
    op.drop_index("ix_interaction_missed", table_name="interaction")
    op.drop_index("ix_conversation_event_bot_failed", table_name="conversation_event")
    for table in ("display_token", "board_settings", "do_not_call", "call_rules", "call_attempt"):
        op.drop_table(table)
    for column in ("task_id", "kind", "purpose", "origin", "campaign_id"):
        op.drop_column("call_reason", column)
    op.rename_table("call_reason", "callback_task")
    op.execute(_RENAMED.format(before="call_reason", after="callback_task"))
    op.drop_table("call_task")
    op.drop_table("call_campaign")
