"""Turns, due dates with their suspensions, addresses; an event once written stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = ("peticion", "queja", "sugerencia", "felicitacion", "audiencia", "apoyo_social", "asesoria_juridica",
         "registro_civil", "carta_no_antecedentes", "derechos_arco")  # fmt: skip
EVENTS_BEFORE = ("filed", "status_changed", "information_added", "attachment_added", "edited", "assigned", "note",
                 "notice", "citizen_verdict")  # fmt: skip
EVENTS_ADDED = ("suspended", "resumed", "labelled", "turned", "turn_acknowledged", "turn_answered", "turn_returned",
                "turn_withdrawn", "turn_note", "turn_reminded", "turn_escalated", "extension_asked", "extension_granted",
                "extension_refused", "letter_made", "letter_mailed", "merged", "unmerged", "grouped", "ungrouped",
                "related", "unrelated", "supported", "procedure_step")  # fmt: skip
ROLES_BEFORE = ("analyst", "head", "admin")
#: Working days by kind: normal, urgent. The office has not confirmed them, but for ARCO, which the law sets
#: (Ley General de Protección de Datos Personales en Posesión de Sujetos Obligados: 20 days to answer).
TERMS = {
    "derechos_arco": (20, 20),
    "felicitacion": (10, 10),
    "carta_no_antecedentes": (5, 3),
    "registro_civil": (10, 5),
}
USUAL_TERM = (15, 5)

#: Only the retention job may take events away, and says so in its transaction.
KEEP_EVENTS = """
CREATE FUNCTION petition_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a petition''s events are never changed nor deleted';
END $$
"""


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, sa.column(column, sa.String).in_(values))


def upgrade() -> None:
    op.add_column("staff_user", sa.Column("agency_id", sa.Uuid(), nullable=True))
    op.add_column("staff_user", sa.Column("email", sa.String(length=254), nullable=True))
    op.create_foreign_key(op.f("fk_staff_user_agency_id_agency"), "staff_user", "agency", ["agency_id"], ["id"])
    _allow("staff_user", "role", ("liaison", *ROLES_BEFORE))
    op.create_check_constraint(
        op.f("ck_staff_user_liaison_has_agency"), "staff_user", "(role = 'liaison') = (agency_id IS NOT NULL)"
    )
    for name, length in (("liaison_name", 160), ("liaison_title", 160), ("liaison_email", 254)):
        op.add_column("agency", sa.Column(name, sa.String(length=length), nullable=True))
    op.add_column("agency", sa.Column("answer_days", sa.Integer(), server_default="10", nullable=False))
    for name, length in (("postal_code", 5), ("street", 160), ("place_reference", 300)):
        op.add_column("petition", sa.Column(name, sa.String(length=length), nullable=True))
    op.add_column("petition", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("petition", sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_petition_due_on"), "petition", ["due_on"])
    op.create_index(op.f("ix_petition_assignee_id"), "petition", ["assignee_id"])
    _create_turn()
    op.add_column("petition_event", sa.Column("turn_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_petition_event_turn_id_turn"), "petition_event", "turn", ["turn_id"], ["id"])
    _allow("petition_event", "kind", (*EVENTS_BEFORE, *EVENTS_ADDED))
    _create_terms()
    op.execute(
        "UPDATE petition SET concluded_at = updated_at WHERE status IN"
        " ('concluida_satisfactoria', 'concluida_no_satisfactoria', 'improcedente', 'cancelada')"
    )
    op.execute(KEEP_EVENTS)
    op.execute(
        "CREATE TRIGGER petition_event_stays BEFORE UPDATE OR DELETE ON petition_event"
        " FOR EACH ROW EXECUTE FUNCTION petition_event_stays()"
    )


def _create_turn() -> None:
    op.create_table(
        "turn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("extension_until", sa.Date(), nullable=True),
        sa.Column("extension_reason", sa.String(length=600), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('turnado', 'recibido', 'contestado', 'devuelto', 'retirado')", name=op.f("ck_turn_state")
        ),
        sa.CheckConstraint("outcome IN ('atendida', 'no_fue_posible')", name=op.f("ck_turn_outcome")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_turn_petition_id_petition")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_turn_agency_id_agency")),
        sa.ForeignKeyConstraint(["replaces_id"], ["turn.id"], name=op.f("fk_turn_replaces_id_turn")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_turn_created_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn")),
    )
    op.create_index(op.f("ix_turn_petition_id"), "turn", ["petition_id"])
    op.create_index("ix_turn_agency_state", "turn", ["agency_id", "state", "due_on"])
    op.create_index(
        "uq_turn_open",
        "turn",
        ["petition_id", "agency_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('turnado', 'recibido')"),
    )


def _create_terms() -> None:
    terms = op.create_table(
        "petition_term",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("urgent_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(sa.column("kind", sa.String).in_(KINDS), name=op.f("ck_petition_term_kind")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_petition_term")),
    )
    rows = []
    for kind in KINDS:
        days, urgent_days = TERMS.get(kind, USUAL_TERM)
        rows.append({"kind": kind, "days": days, "urgent_days": urgent_days})
    op.bulk_insert(terms, rows)
    op.create_table(
        "petition_suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_petition_suspension_petition_id_petition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_suspension")),
    )
    op.create_index("ix_petition_suspension_petition", "petition_suspension", ["petition_id"])
    op.create_index(
        "uq_petition_suspension_open",
        "petition_suspension",
        ["petition_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER petition_event_stays ON petition_event")
    op.execute("DROP FUNCTION petition_event_stays()")
    op.drop_table("petition_suspension")
    op.drop_table("petition_term")
    # What the older vocabulary cannot say is kept as a note.
    kinds = ", ".join(f"'{kind}'" for kind in EVENTS_ADDED)
    op.execute(f"UPDATE petition_event SET kind = 'note' WHERE kind IN ({kinds})")  # noqa: S608
    _allow("petition_event", "kind", EVENTS_BEFORE)
    op.drop_column("petition_event", "turn_id")
    op.drop_table("turn")
    op.drop_index(op.f("ix_petition_assignee_id"), "petition")
    for name in ("concluded_at", "due_on", "place_reference", "street", "postal_code"):
        op.drop_column("petition", name)
    for name in ("answer_days", "liaison_email", "liaison_title", "liaison_name"):
        op.drop_column("agency", name)
    op.drop_constraint(op.f("ck_staff_user_liaison_has_agency"), "staff_user", type_="check")
    op.execute("UPDATE staff_user SET role = 'analyst', is_active = false WHERE role = 'liaison'")
    _allow("staff_user", "role", ROLES_BEFORE)
    op.drop_column("staff_user", "email")
    op.drop_column("staff_user", "agency_id")
