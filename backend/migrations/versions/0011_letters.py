"""Letters: templates with versions, numbers without gaps; a letter once made stays as it is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = ("oficio_canalizacion", "carta_atencion", "respuesta", "audiencia", "apoyo_social", "registro_civil",
         "no_antecedentes", "asesoria")  # fmt: skip
SERIES = {"oficio": "CEAC/DAG", "carta": "CEAC/CA"}

#: A letter may be cancelled, once; only the retention job may take one away. A version of a template never changes.
KEEP_LETTERS = """
CREATE FUNCTION letter_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('chat_sonora.retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'letter' THEN
    IF to_jsonb(OLD)->>'cancelled_at' IS NULL AND to_jsonb(NEW)->>'cancelled_at' IS NOT NULL AND
       to_jsonb(OLD) - '{cancelled_at,cancelled_by,cancel_reason}'::text[]
       = to_jsonb(NEW) - '{cancelled_at,cancelled_by,cancel_reason}'::text[] THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a letter and its template are never changed nor deleted';
END $$
"""


def _one_of(column: str, values: tuple[str, ...], name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sa.column(column, sa.String).in_(values), name=op.f(name))


def upgrade() -> None:
    _create_stationery()
    op.create_table(
        "letter_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _one_of("kind", KINDS, "ck_letter_template_kind"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff_user.id"], name=op.f("fk_letter_template_created_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_template")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_letter_template_kind_version")),
    )
    op.create_table(
        "letter_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcomes", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_letter_batch_created_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_batch")),
    )
    _create_letter()
    op.execute(KEEP_LETTERS)
    for table in ("letter", "letter_template"):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION letter_stays()"
        )


def _create_stationery() -> None:
    lengths = {"institution": 160, "office": 160, "department": 160, "address": 200, "place": 80, "signer_name": 160,
               "signer_title": 160, "copies": 600}  # fmt: skip
    letterhead = op.create_table(
        "letterhead",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in lengths.items()),
        sa.CheckConstraint("id = 1", name=op.f("ck_letterhead_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letterhead")),
    )
    # From the organisation manual; who signs, staff say in the console.
    first = {
        "id": 1,
        "institution": "Gobierno del Estado de Sonora",
        "office": "Coordinación Ejecutiva de Atención Ciudadana",
        "department": "Departamento de Correspondencia y Seguimiento",
        "address": "Palacio de Gobierno, Hermosillo, Sonora",
        "place": "Hermosillo, Sonora",
        "signer_name": "",
        "signer_title": "Coordinación Ejecutiva de Atención Ciudadana",
        "copies": "Archivo.",
    }
    op.bulk_insert(letterhead, [first])
    series = op.create_table(
        "letter_series",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("prefix", sa.String(length=30), nullable=False),
        _one_of("key", tuple(SERIES), "ck_letter_series_key"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_letter_series")),
        sa.UniqueConstraint("prefix", name=op.f("uq_letter_series_prefix")),
    )
    op.bulk_insert(series, [{"key": key, "prefix": prefix} for key, prefix in SERIES.items()])
    op.create_table(
        "letter_counter",
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        _one_of("series", tuple(SERIES), "ck_letter_counter_series"),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_letter_counter")),
    )


def _create_letter() -> None:
    references = {"petition_id": "petition", "turn_id": "turn", "template_id": "letter_template",
                  "batch_id": "letter_batch", "made_by": "staff_user", "cancelled_by": "staff_user"}  # fmt: skip
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=False),
        sa.Column("addressee", sa.String(length=400), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_size", sa.Integer(), nullable=False),
        sa.Column("docx_sha256", sa.String(length=64), nullable=False),
        sa.Column("docx_size", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=300), nullable=False),
        _one_of("kind", KINDS, "ck_letter_kind"),
        _one_of("series", tuple(SERIES), "ck_letter_series"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_letter_{column}_{table}"))
            for column, table in references.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("reference", name=op.f("uq_letter_reference")),
        sa.UniqueConstraint("request_key", name=op.f("uq_letter_request_key")),
        sa.UniqueConstraint("series", "year", "number", name=op.f("uq_letter_series_year_number")),
    )
    op.create_index(op.f("ix_letter_petition_id"), "letter", ["petition_id"])
    op.create_index(op.f("ix_letter_batch_id"), "letter", ["batch_id"])
    op.create_index("ix_letter_made_at", "letter", ["made_at"])
    op.create_index(
        "uq_letter_turn_live", "letter", ["turn_id"], unique=True, postgresql_where=sa.text("cancelled_at IS NULL")
    )


def downgrade() -> None:
    for table in ("letter", "letter_batch", "letter_template", "letter_counter", "letter_series", "letterhead"):
        op.drop_table(table)
    op.execute("DROP FUNCTION letter_stays()")
