"""Telephone calls: as they go on, what was told of them, whom they rang, what was recorded, guesses at codes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keypad_attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.String(length=20), nullable=False),
        sa.Column("folio", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keypad_attempt")),
    )
    op.create_index("ix_keypad_attempt_at", "keypad_attempt", ["at"])
    op.create_index("ix_keypad_attempt_caller", "keypad_attempt", ["caller", "at"])
    op.create_index("ix_keypad_attempt_folio", "keypad_attempt", ["folio", "at"])
    op.create_table(
        "voice_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("call_sid", sa.String(length=40), nullable=True),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("callback_task_id", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("direction IN ('recibida', 'realizada')", name=op.f("ck_voice_call_direction")),
        sa.CheckConstraint(
            "state IN ('menu', 'en_fila', 'timbrando', 'en_llamada', 'llamando_agente', 'terminada')",
            name=op.f("ck_voice_call_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["channel_account.id"], name=op.f("fk_voice_call_account_id_channel_account")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["staff_user.id"], name=op.f("fk_voice_call_agent_id_staff_user")),
        sa.ForeignKeyConstraint(
            ["callback_task_id"], ["callback_task.id"], name=op.f("fk_voice_call_callback_task_id_callback_task")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_voice_call_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_call")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_voice_call_call_sid")),
    )
    op.create_index(
        "ix_voice_call_open", "voice_call", ["state", "queued_at"], postgresql_where=sa.text("state <> 'terminada'")
    )
    op.create_index(op.f("ix_voice_call_petition_id"), "voice_call", ["petition_id"])
    op.create_index("ix_voice_call_phone", "voice_call", ["phone", "started_at"])
    op.create_table(
        "voice_call_event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('comenzo', 'atendida_por_menu', 'entro_a_la_fila', 'contesto_agente', 'pidio_llamada', 'dejo_mensaje', 'transferida', 'estado')",
            name=op.f("ck_voice_call_event_kind"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["voice_call.id"], name=op.f("fk_voice_call_event_call_id_voice_call")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_voice_call_event_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_call_event")),
        sa.UniqueConstraint("call_id", "key", name=op.f("uq_voice_call_event_call_id_key")),
    )
    op.create_table(
        "voice_call_ring",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["voice_call.id"], name=op.f("fk_voice_call_ring_call_id_voice_call")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_voice_call_ring_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_call_ring")),
    )
    op.create_index(op.f("ix_voice_call_ring_call_id"), "voice_call_ring", ["call_id"])
    op.create_index("ix_voice_call_ring_user", "voice_call_ring", ["user_id", "started_at"])
    op.create_table(
        "voice_recording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("recording_sid", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("callback_task_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("content_type", sa.String(length=80), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("is_forgotten", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('peticion', 'recado', 'llamada')", name=op.f("ck_voice_recording_kind")),
        sa.CheckConstraint("state IN ('pendiente', 'guardada', 'fallida')", name=op.f("ck_voice_recording_state")),
        sa.ForeignKeyConstraint(["call_id"], ["voice_call.id"], name=op.f("fk_voice_recording_call_id_voice_call")),
        sa.ForeignKeyConstraint(
            ["callback_task_id"], ["callback_task.id"], name=op.f("fk_voice_recording_callback_task_id_callback_task")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_voice_recording_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_recording")),
        sa.UniqueConstraint("recording_sid", name=op.f("uq_voice_recording_recording_sid")),
    )
    op.create_index(op.f("ix_voice_recording_call_id"), "voice_recording", ["call_id"])
    op.create_index(op.f("ix_voice_recording_callback_task_id"), "voice_recording", ["callback_task_id"])
    op.create_index(
        "ix_voice_recording_due",
        "voice_recording",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'pendiente' OR (state = 'guardada' AND NOT is_forgotten)"),
    )
    op.create_index(op.f("ix_voice_recording_petition_id"), "voice_recording", ["petition_id"])


def downgrade() -> None:
    for table in ("voice_recording", "voice_call_ring", "voice_call_event", "voice_call", "keypad_attempt"):
        op.drop_table(table)
