"""The special procedures, one table: what each asks, which documents, which steps, whose letter.

Functions of the office's manual that each stands on are in `source`. The manual names no list of documents:
every one here is a proposal, «por confirmar por la oficina», and shown as such (`is_confirmed`).
"""

from backend.dossier.models import DocumentKind
from backend.procedures.shapes import Field, Procedure, Requirement, Step
from backend.registry.models import PetitionKind

K = DocumentKind

_DAY = Field("fecha", "Fecha", "date", required=True)
_OFICIO = (_DAY, Field("oficio", "Número de oficio", required=True))
_IDENTIFICATION = Requirement("identificacion", "Identificación oficial", K.IDENTIFICACION)
_CURP = Requirement("curp", "CURP", K.CURP)
_RECEIVED = Field("recibe", "Quién recibe", required=True)

_ACTAS = (
    ("nacimiento", "Nacimiento"),
    ("matrimonio", "Matrimonio"),
    ("defuncion", "Defunción"),
    ("divorcio", "Divorcio"),
)
_CORRECTION = ("servicio", ("correccion",))

REGISTRO_CIVIL = Procedure(
    kind=PetitionKind.REGISTRO_CIVIL,
    letter="registro_civil",
    source="03.07.00.01, 03.07.01: recepción, tramitación y entrega de actas; 03.07.00.01.02: oficios de apoyo "
    "para correcciones de actas y certificados de inexistencia",
    fields=(
        Field(
            "servicio",
            "Qué necesita",
            "choice",
            required=True,
            options=(
                ("acta", "Copia de acta"),
                ("correccion", "Corrección de acta"),
                ("inexistencia", "Certificado de inexistencia"),
            ),
        ),
        Field("tipo_acta", "Acta de", "choice", required=True, options=_ACTAS),
        Field("registrado", "A nombre de", required=True, hint="Como está, o debería estar, en el acta."),
        Field("fecha_registro", "Fecha del hecho o del registro", "date"),
        Field("lugar_registro", "Lugar del registro", hint="Municipio, localidad u oficialía."),
        Field("datos_acta", "Datos del acta", hint="Libro, foja, número o CRIP, si los tiene."),
        Field("dice", "Dice", "long", required=True, only_if=_CORRECTION),
        Field("debe_decir", "Debe decir", "long", required=True, only_if=_CORRECTION),
        Field("uso", "Para qué la necesita"),
    ),
    requirements=(
        _IDENTIFICATION,
        _CURP,
        Requirement("acta_con_error", "Acta que se corrige", K.ACTA, only_if=_CORRECTION),
        Requirement("prueba", "Documento que prueba el dato correcto", K.DOCUMENTO_LEGAL, only_if=_CORRECTION),
    ),
    steps=(
        Step("oficio", "Oficio a Registro Civil", _OFICIO),
        Step(
            "respuesta",
            "Respuesta de Registro Civil",
            (
                _DAY,
                Field(
                    "resultado",
                    "Resultado",
                    "choice",
                    required=True,
                    options=(("expedido", "Se expidió el documento"), ("negado", "No procedió")),
                ),
                Field("folio", "Folio de Registro Civil"),
                Field("observaciones", "Observaciones", "long"),
            ),
            after=("oficio", None, ()),
        ),
        Step(
            "entrega",
            "Entrega a la persona",
            (_DAY, _RECEIVED, Field("medio", "Cómo se entregó")),
            after=("respuesta", "resultado", ("expedido",)),
        ),
    ),
)

CARTA_NO_ANTECEDENTES = Procedure(
    kind=PetitionKind.CARTA_NO_ANTECEDENTES,
    letter="no_antecedentes",
    source="03.07.01: oficios dirigidos a la Fiscalía General de Justicia del Estado, para la entrega de cartas de "
    "no antecedentes penales",
    fields=(
        Field(
            "motivo",
            "Para qué la necesita",
            "choice",
            required=True,
            options=(("empleo", "Empleo"), ("tramite", "Otro trámite"), ("otro", "Otro motivo")),
        ),
        Field("fecha_nacimiento", "Fecha de nacimiento", "date"),
        Field("lugar_nacimiento", "Lugar de nacimiento"),
    ),
    requirements=(
        _IDENTIFICATION,
        _CURP,
        Requirement("domicilio", "Comprobante de domicilio", K.COMPROBANTE_DOMICILIO),
    ),
    steps=(
        Step("oficio", "Oficio a la Fiscalía", _OFICIO),
        Step(
            "respuesta",
            "Respuesta de la Fiscalía",
            (
                _DAY,
                Field(
                    "resultado",
                    "Resultado",
                    "choice",
                    required=True,
                    options=(("emitida", "Se emitió la carta"), ("no_emitida", "No se emitió")),
                ),
                Field("observaciones", "Observaciones", "long"),
            ),
            after=("oficio", None, ()),
        ),
        Step("entrega", "Entrega a la persona", (_DAY, _RECEIVED), after=("respuesta", "resultado", ("emitida",))),
    ),
)

ASESORIA_JURIDICA = Procedure(
    kind=PetitionKind.ASESORIA_JURIDICA,
    letter="asesoria_juridica",
    source="03.07.00.01.02: atención personalizada y gratuita en asesoría jurídica; documentos oficiales para la "
    "canalización de las solicitudes",
    fields=(
        Field(
            "materia",
            "Materia",
            "choice",
            required=True,
            options=(
                ("civil", "Civil"),
                ("familiar", "Familiar"),
                ("penal", "Penal"),
                ("laboral", "Laboral"),
                ("mercantil", "Mercantil"),
                ("agraria", "Agraria"),
                ("administrativa", "Administrativa"),
                ("otra", "Otra"),
            ),
        ),
        Field("contraparte", "Con quién es el asunto"),
        Field("juicio", "¿Hay juicio?", "choice", options=(("si", "Sí"), ("no", "No"))),
        Field("expediente", "Expediente y juzgado", required=True, only_if=("juicio", ("si",))),
        Field("fecha_limite", "Fecha límite que corre", "date", hint="Audiencia, plazo para contestar, desalojo…"),
    ),
    requirements=(
        _IDENTIFICATION,
        Requirement("documentos", "Documentos del asunto", K.DOCUMENTO_LEGAL),
    ),
    steps=(
        Step(
            "asesoria",
            "Asesoría",
            (
                _DAY,
                Field("asesor", "Quién asesora", required=True),
                Field("orientacion", "Qué se le orientó", "long", required=True),
            ),
        ),
        Step(
            "canalizacion",
            "Canalización",
            (_DAY, Field("institucion", "A qué institución", required=True), Field("oficio", "Número de oficio")),
            after=("asesoria", None, ()),
            is_optional=True,
        ),
        Step(
            "resultado",
            "Resultado",
            (_DAY, Field("resultado", "Cómo terminó", "long", required=True)),
            after=("asesoria", None, ()),
        ),
    ),
)

APOYO_SOCIAL = Procedure(
    kind=PetitionKind.APOYO_SOCIAL,
    letter="apoyo_social",
    source="03.07.03.01.01: visita domiciliaria en los casos que así lo amerite; entregas previa autorización del "
    "Comité Interinstitucional de Evaluación; evidencias de apoyos otorgados",
    fields=(
        Field(
            "tipo_apoyo",
            "Qué apoyo pide",
            "choice",
            required=True,
            options=(
                ("alimentos", "Alimentos"),
                ("medicamento", "Medicamento o estudios"),
                ("aparato", "Aparato o prótesis"),
                ("vivienda", "Material de construcción"),
                ("economico", "Económico"),
                ("funerario", "Gastos funerarios"),
                ("transporte", "Transporte"),
                ("otro", "Otro"),
            ),
        ),
        Field("beneficiario", "Para quién es", required=True, hint="Nombre, aunque sea quien lo pide."),
        Field("parentesco", "Parentesco"),
        Field("integrantes", "Personas en el hogar", "number"),
        Field("ingreso", "Ingreso mensual del hogar", "money"),
        Field("monto", "Monto solicitado", "money"),
        Field("situacion", "Situación del hogar", "long"),
    ),
    requirements=(
        Requirement("solicitud", "Escrito de petición", K.SOLICITUD),
        _IDENTIFICATION,
        _CURP,
        Requirement("domicilio", "Comprobante de domicilio", K.COMPROBANTE_DOMICILIO),
        Requirement("ingresos", "Comprobante de ingresos", K.COMPROBANTE_INGRESOS),
        Requirement(
            "medico",
            "Receta o constancia médica",
            K.DOCUMENTO_MEDICO,
            only_if=("tipo_apoyo", ("medicamento", "aparato")),
        ),
        Requirement(
            "cotizacion",
            "Cotización",
            K.COTIZACION,
            only_if=("tipo_apoyo", ("medicamento", "aparato", "vivienda", "funerario")),
        ),
    ),
    steps=(
        Step(
            "visita",
            "Visita domiciliaria",
            (
                _DAY,
                Field("visitador", "Quién visitó", required=True),
                Field("hallazgos", "Qué se encontró", "long", required=True),
                Field(
                    "recomendacion",
                    "Recomendación",
                    "choice",
                    required=True,
                    options=(("otorgar", "Otorgar"), ("no_otorgar", "No otorgar"), ("ampliar", "Pedir más datos")),
                ),
            ),
            is_optional=True,
            hint="En los casos que así lo ameriten.",
        ),
        Step(
            "comite",
            "Decisión del comité",
            (
                Field("fecha", "Fecha de la sesión", "date", required=True),
                Field("minuta", "Número de minuta", required=True),
                Field(
                    "decision",
                    "Decisión",
                    "choice",
                    required=True,
                    options=(("aprobado", "Aprobado"), ("negado", "Negado"), ("aplazado", "Aplazado")),
                ),
                Field("apoyo", "Qué se aprueba", required=True, only_if=("decision", ("aprobado",))),
                Field("monto", "Monto aprobado", "money", only_if=("decision", ("aprobado",))),
                Field("motivo", "Motivo", "long", required=True, only_if=("decision", ("negado", "aplazado"))),
            ),
            hint="Comité Interinstitucional de Evaluación.",
        ),
        Step(
            "entrega",
            "Entrega del apoyo",
            (
                _DAY,
                Field("apoyo", "Qué se entregó", required=True),
                Field("monto", "Monto", "money"),
                _RECEIVED,
            ),
            after=("comite", "decision", ("aprobado",)),
            hint="Digitalice la evidencia de entrega en el expediente.",
        ),
    ),
)

AUDIENCIA = Procedure(
    kind=PetitionKind.AUDIENCIA,
    letter="audiencia",
    source="Coordinación General de Atención Ciudadana y Audiencias, función 1: solicitudes de audiencia hasta su "
    "conclusión",
    fields=(
        Field("con_quien", "Con quién", required=True, hint="La persona titular del Ejecutivo, o de qué dependencia."),
        Field("representa", "A quién representa", hint="Organización, colonia o grupo; vacío si es a título personal."),
        Field("asistentes", "Personas que asistirían", "number"),
        Field("disponibilidad", "Cuándo puede asistir"),
    ),
    requirements=(
        Requirement("solicitud", "Escrito de petición", K.SOLICITUD),
        _IDENTIFICATION,
    ),
    steps=(
        Step(
            "propuesta",
            "Fechas propuestas",
            (
                Field("opcion_1", "Primera fecha", "date", required=True),
                Field("opcion_2", "Segunda fecha", "date"),
                Field("opcion_3", "Tercera fecha", "date"),
                Field("observaciones", "Observaciones"),
            ),
            is_optional=True,
        ),
        Step(
            "cita",
            "Cita",
            (
                _DAY,
                Field("hora", "Hora", "time", required=True),
                Field("lugar", "Lugar", required=True),
                Field("atiende", "Quién recibe", required=True),
            ),
            hint="Si la cita cambia, registre otra: vale la última.",
        ),
        Step(
            "resultado",
            "Resultado",
            (
                _DAY,
                Field(
                    "resultado",
                    "Resultado",
                    "choice",
                    required=True,
                    options=(
                        ("celebrada", "Se celebró"),
                        ("no_asistio", "La persona no asistió"),
                        ("cancelada", "Se canceló"),
                    ),
                ),
                Field("acuerdos", "Acuerdos", "long", required=True, only_if=("resultado", ("celebrada",))),
                Field("motivo", "Motivo", required=True, only_if=("resultado", ("cancelada",))),
            ),
            after=("cita", None, ()),
        ),
    ),
)

PROCEDURES: dict[PetitionKind, Procedure] = {
    one.kind: one for one in (REGISTRO_CIVIL, CARTA_NO_ANTECEDENTES, ASESORIA_JURIDICA, APOYO_SOCIAL, AUDIENCIA)
}
