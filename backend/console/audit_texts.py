"""The audit trail in words: what each kind of movement says, by family, as a sentence about who did it."""

from collections.abc import Collection
from datetime import date

from backend.agents.models import Role
from backend.audit.listing import Line
from backend.console import due_texts, texts

FAMILIES = {
    "accesos": "Entradas y salidas",
    "cuentas": "Usuarios y permisos",
    "datos": "Datos personales mostrados",
    "descargas": "Descargas",
    "enlaces": "Lo que abrieron los enlaces",
    "ajustes": "Ajustes de la oficina",
    "plantillas": "Plantillas y documentos",
    "canales": "Canales y teléfono",
    "integraciones": "Integraciones",
    "llamadas": "Llamadas y campañas",
    "equipo": "Equipo y turnos",
    "informes": "Reportes e informe trimestral",
    "bitacora": "La bitácora misma",
}

NOBODY = "Sin sesión"

#: By kind: its family, and what follows the name of who did it. `{account}` is whose account it was done to.
KINDS: dict[str, tuple[str, str]] = {
    "signed_in": ("accesos", "entró a la consola{address}"),
    "signed_out": ("accesos", "salió de la consola"),
    "sign_in_failed": ("accesos", "Falló una entrada a la cuenta de {account}: {wrong}{address}"),
    "account_locked": ("accesos", "Se bloqueó 15 minutos la cuenta de {account}{address}"),
    "recovery_code_used": ("accesos", "entró con un código de recuperación; le quedan {left}"),
    "sessions_closed": ("accesos", "cerró sus otras sesiones ({sessions})"),
    "token_issued": ("accesos", "obtuvo una llave de programa para {account}"),
    "password_changed": ("cuentas", "cambió su contraseña"),
    "password_reset": ("cuentas", "dio una contraseña nueva a {account}"),
    "second_factor_on": ("cuentas", "activó su segundo factor"),
    "second_factor_off": ("cuentas", "quitó su segundo factor"),
    "second_factor_reset": ("cuentas", "quitó el segundo factor de {account}"),
    "recovery_codes_renewed": ("cuentas", "hizo otros códigos de recuperación"),
    "user_created": ("cuentas", "creó la cuenta de {account}, perfil {role}"),
    "user_enabled": ("cuentas", "activó la cuenta de {account}"),
    "user_disabled": ("cuentas", "desactivó la cuenta de {account}"),
    "user_renamed": ("cuentas", "corrigió el nombre de {account}"),
    "user_placed": ("cuentas", "cambió el área o la extensión de {account}"),
    "role_changed": ("cuentas", "cambió el perfil de {account}: de {before} a {after}"),
    "agency_changed": ("cuentas", "cambió la dependencia de {account}"),
    "channel_checked": ("canales", "comprobó una cuenta de canal"),
    "staff_email": ("cuentas", "cambió el correo de {account}"),
    "personal_data_shown": ("datos", "mostró los datos personales de {thing}: {reason}"),
    "blocked_data_opened": ("datos", "abrió datos bloqueados: {reason}"),
    "personal_data_exported": ("datos", "entregó la copia de todo lo que se tiene de una persona"),
    "person_opposed": ("datos", "anotó que una persona se opone al uso de sus datos"),
    "person_blocked": ("datos", "bloqueó los datos de una persona"),
    "person_unblocked": ("datos", "levantó el bloqueo de los datos de una persona: {reason}"),
    "legal_hold_set": ("datos", "puso una causa para conservar: {reason}"),
    "legal_hold_lifted": ("datos", "levantó una causa para conservar"),
    "retention_term_changed": ("ajustes", "cambió el plazo de conservación «{rule}»"),
    "retention_run": ("datos", "aplicó las reglas de conservación del {day}"),
    "recording_heard": ("datos", "escuchó una grabación"),
    "acuse_printed": ("datos", "imprimió el acuse de {folio}"),
    "petitions_exported": ("descargas", "descargó la lista de peticiones ({form})"),
    "calls_exported": ("descargas", "descargó una lista de llamadas ({form})"),
    "tasks_exported": ("descargas", "descargó la lista de tareas ({form})"),
    "info_requests_exported": ("descargas", "descargó las solicitudes de información ({form})"),
    "arco_list_exported": ("descargas", "descargó las solicitudes ARCO ({form})"),
    "notices_exported": ("descargas", "descargó la lista de avisos ({form})"),
    "labels_exported": ("descargas", "descargó ejemplos de aprendizaje ({form})"),
    "report_exported": ("descargas", "descargó el reporte {report} ({form})"),
    "report_rows_exported": ("descargas", "descargó los renglones del reporte {report} ({form})"),
    "audit_exported": ("bitacora", "descargó la bitácora ({form})"),
    "audit_verified": ("bitacora", "mandó verificar la bitácora: {result}"),
    "turn_opened": ("enlaces", "abrió una petición turnada a su dependencia"),
    "turn_file_opened": ("enlaces", "abrió un archivo de una petición turnada"),
    "area_saved": ("ajustes", "guardó el área {key}"),
    "agency_saved": ("ajustes", "guardó la dependencia {name}"),
    "hours_changed": ("ajustes", "cambió el horario de la oficina"),
    "canned_reply_saved": ("plantillas", "guardó la respuesta /{shortcut}"),
    "terms_changed": ("ajustes", "cambió los plazos de las peticiones"),
    "closed_days_changed": ("ajustes", "cambió los días inhábiles ({day})"),
    "info_terms": ("ajustes", "cambió los plazos de las solicitudes de información"),
    "board_settings_changed": ("ajustes", "cambió las metas del tablero"),
    "display_added": ("ajustes", "dio llave a la pantalla {name}"),
    "display_revoked": ("ajustes", "quitó la llave de la pantalla {name}"),
    "letterhead": ("plantillas", "cambió el membrete"),
    "letter_series": ("plantillas", "cambió la numeración de documentos {series}"),
    "letter_template_saved": ("plantillas", "guardó la plantilla de documento {template}"),
    "letter_template_restored": ("plantillas", "restauró la plantilla de documento {template}, versión {version}"),
    "template_saved": ("plantillas", "guardó una plantilla de WhatsApp ({purpose}, versión {version})"),
    "template_submitted": ("plantillas", "envió a revisión una plantilla de WhatsApp ({purpose}, versión {version})"),
    "channel_created": ("canales", "agregó una cuenta de {channel}"),
    "channel_changed": ("canales", "cambió datos de una cuenta de canal"),
    "channel_switched_on": ("canales", "encendió un canal"),
    "channel_switched_off": ("canales", "apagó un canal"),
    "channel_mode_webhook": ("canales", "hizo que Telegram llame a esta dirección"),
    "channel_mode_poll": ("canales", "hizo que el sistema consulte a Telegram"),
    "channel_tested": ("canales", "envió un mensaje de prueba"),
    "voice_settings_changed": ("canales", "cambió cómo contesta el teléfono"),
    "messages_replayed": ("canales", "recuperó mensajes del proveedor ({stored})"),
    "webhooks_replayed": ("canales", "volvió a leer avisos del proveedor ({stored})"),
    "integration_token_issued": ("integraciones", "dio una llave al sistema {name}"),
    "integration_token_revoked": ("integraciones", "quitó la llave del sistema {name}"),
    "webhook_created": ("integraciones", "agregó el envío {name}"),
    "webhook_changed": ("integraciones", "cambió el envío {name}"),
    "webhook_secret_renewed": ("integraciones", "renovó el secreto de un envío"),
    "webhook_on": ("integraciones", "encendió un envío"),
    "webhook_off": ("integraciones", "apagó un envío"),
    "call_rules_changed": ("llamadas", "cambió las reglas de llamadas"),
    "campaign_started": ("llamadas", "empezó una campaña de llamadas a {people} personas"),
    "campaign_ended": ("llamadas", "terminó una campaña de llamadas"),
    "shift_week": ("equipo", "cambió el horario de {account}"),
    "shift_exception": ("equipo", "anotó una ausencia de {account}"),
    "shift_exception_dropped": ("equipo", "quitó una ausencia de {account}"),
    "staff_goal": ("equipo", "puso una meta a {account}"),
    "staff_goal_dropped": ("equipo", "quitó una meta de {account}"),
    "report_schedule": ("informes", "programó el envío de un reporte"),
    "report_schedule_switched": ("informes", "cambió un envío programado ({action})"),
    "report_dispatch_retried": ("informes", "mandó de nuevo un reporte"),
    "quarter_goals": ("informes", "cambió las metas del informe trimestral"),
    "quarter_closed": ("informes", "cerró una edición del informe trimestral"),
}  # fmt: skip

_WRONG = {"password": "contraseña equivocada", "code": "código equivocado"}
_FORMS = {"csv": "CSV", "xlsx": "Excel"}
#: Movements that are told whole, without who did it: nobody had signed in.
_WHOLE = frozenset({"sign_in_failed", "account_locked"})


def kinds_of(family: str) -> Collection[str] | None:
    """The kinds of a family; None for any other word."""
    return [kind for kind, (of, _) in KINDS.items() if of == family] if family in FAMILIES else None


def who(line: Line) -> str:
    """Who did it, as it is listed."""
    return line.who or ("El sistema" if line.event.kind not in _WHOLE else NOBODY)


def sentence(line: Line) -> str:
    """What happened, in plain words; a kind that has none yet is named by its code."""
    _, words = KINDS.get(line.event.kind, ("", f"hizo un movimiento «{line.event.kind}»"))
    told = words.format_map(_named(line))
    return told if line.event.kind in _WHOLE else f"{who(line)} {told}"


class _Named(dict[str, str]):
    """What a sentence names; a dash for what the movement does not tell."""

    def __missing__(self, name: str) -> str:
        return "—"


def _named(line: Line) -> _Named:
    detail = {name: str(value) for name, value in line.event.detail.items() if value not in (None, "")}
    roles = {
        name: texts.ROLES[Role(detail[name])] for name in ("role", "before", "after") if detail.get(name) in set(Role)
    }
    if "day" in detail:
        detail["day"] = due_texts.short_day(date.fromisoformat(detail["day"]))
    words = {
        "account": line.account or "una cuenta",
        "address": f", desde {detail['address']}" if "address" in detail else "",
        "wrong": _WRONG.get(detail.get("wrong", ""), "—"),
        "form": _FORMS.get(detail.get("form", ""), detail.get("form", "archivo")),
    }
    return _Named(detail | roles | words)
