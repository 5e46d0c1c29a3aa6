"""The expediente's documents, forms filed once, special procedures, and imports of spreadsheets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_documents()
    _create_procedures()
    _create_imports()


def _create_documents() -> None:
    op.create_table(
        "dossier_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "kind IN ('solicitud', 'identificacion', 'curp', 'comprobante_domicilio', 'comprobante_ingresos', 'oficio_recibido', 'acta', 'documento_legal', 'documento_medico', 'cotizacion', 'fotografia', 'visita', 'minuta', 'evidencia_entrega', 'carta_poder', 'otro')",
            name=op.f("ck_dossier_document_kind"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason = '')", name=op.f("ck_dossier_document_withdrawn_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_dossier_document_petition_id_petition")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["staff_user.id"], name=op.f("fk_dossier_document_uploaded_by_staff_user")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["staff_user.id"], name=op.f("fk_dossier_document_withdrawn_by_staff_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_document")),
    )
    op.create_index(op.f("ix_dossier_document_petition_id"), "dossier_document", ["petition_id"], unique=False)
    op.create_table(
        "capture",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_capture_petition_id_petition")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_capture_user_id_staff_user")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_capture")),
        sa.UniqueConstraint("petition_id", name=op.f("uq_capture_petition_id")),
    )
    op.create_index("ix_capture_user", "capture", ["user_id", "created_at"], unique=False)


def _create_procedures() -> None:
    op.create_table(
        "procedure_case",
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('peticion', 'queja', 'sugerencia', 'felicitacion', 'audiencia', 'apoyo_social', 'asesoria_juridica', 'registro_civil', 'carta_no_antecedentes', 'derechos_arco')",
            name=op.f("ck_procedure_case_kind"),
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_procedure_case_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "kind", name=op.f("pk_procedure_case")),
    )
    op.create_table(
        "procedure_step",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('peticion', 'queja', 'sugerencia', 'felicitacion', 'audiencia', 'apoyo_social', 'asesoria_juridica', 'registro_civil', 'carta_no_antecedentes', 'derechos_arco')",
            name=op.f("ck_procedure_step_kind"),
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_procedure_step_petition_id_petition")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_procedure_step_user_id_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_step")),
    )
    op.create_index("ix_procedure_step_petition", "procedure_step", ["petition_id", "id"], unique=False)
    op.create_table(
        "procedure_check",
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("requirement", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_procedure_check_petition_id_petition")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name=op.f("fk_procedure_check_user_id_staff_user")),
        sa.PrimaryKeyConstraint("petition_id", "requirement", name=op.f("pk_procedure_check")),
    )


def _create_imports() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("defaults", postgresql.JSONB(), nullable=False),
        sa.Column("with_repeated", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('mapping', 'reading', 'ready', 'filing', 'done', 'undoing', 'undone', 'failed')",
            name=op.f("ck_import_batch_state"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["staff_user.id"], name=op.f("fk_import_batch_created_by_staff_user")),
        sa.ForeignKeyConstraint(["undone_by"], ["staff_user.id"], name=op.f("fk_import_batch_undone_by_staff_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index(op.f("ix_import_batch_sha256"), "import_batch", ["sha256"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=40), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("problems", postgresql.JSONB(), nullable=False),
        sa.Column("repeats", sa.String(length=40), nullable=True),
        sa.Column("petition_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('valid', 'invalid', 'repeated', 'filed', 'undone', 'kept')", name=op.f("ck_import_row_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id_import_batch")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_import_row_petition_id_petition")),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_import_row")),
        sa.UniqueConstraint("petition_id", name=op.f("uq_import_row_petition_id")),
    )
    op.create_index("ix_import_row_fingerprint", "import_row", ["fingerprint"], unique=False)
    op.create_index("ix_import_row_state", "import_row", ["batch_id", "state", "number"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("header", sa.String(length=120), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("header", name=op.f("pk_import_mapping")),
    )


def downgrade() -> None:
    for table in (
        "import_mapping",
        "import_row",
        "import_batch",
        "procedure_check",
        "procedure_step",
        "procedure_case",
        "capture",
        "dossier_document",
    ):
        op.drop_table(table)
