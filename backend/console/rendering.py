"""Pages: templates, what each of them needs, and how dates and files are written."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents import service as agents
from backend.agents.models import Presence, PresenceState, Role, User
from backend.calls import service as calls
from backend.catalog.models import Agency
from backend.console import (
    account_texts,
    arco_texts,
    board_texts,
    call_texts,
    capture_texts,
    integration_texts,
    notice_texts,
    outreach_texts,
    quarterly_texts,
    related_texts,
    staffing_texts,
    telephony_texts,
    texts,
    transparency_texts,
    turn_texts,
)
from backend.outreach import tasks
from backend.privacy import masks, reach
from backend.subscriptions import service as subscriptions
from backend.telephony import reading as telephony
from backend.text import MONTHS, phone_text
from backend.turns import news

HOME = "/consola"
#: The console of agencies' liaisons, which is all that they see.
LIAISON_HOME = "/consola/enlace"
#: The first page of an auditor, who sees it and the requests for information.
AUDIT_HOME = "/consola/auditoria"
FOLDER = Path(__file__).parent
_LONGEST_ADDRESS = 2000
CSP = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)

templates = Jinja2Templates(directory=FOLDER / "templates")


def moment_text(moment: datetime | None) -> str:
    """`21 nov 2026, 14:05`, on the office's clock."""
    if moment is None:
        return "—"
    here = clock.local(moment)
    return f"{here.day} {MONTHS[here.month - 1][:3]} {here.year}, {here:%H:%M}"


def told_day_text(day: str) -> str:
    """A day kept as an ISO date in a petition's details."""
    return f"{date.fromisoformat(day):%d/%m/%Y}"


def safe_address(address: str) -> str:
    """`address` if it is one of the console's own pages, with any filters; its first page otherwise."""
    is_ours = address == HOME or address.startswith((f"{HOME}/", f"{HOME}?"))
    is_plain = "\\" not in address and "\n" not in address and len(address) <= _LONGEST_ADDRESS
    return address if is_ours and is_plain else HOME


def masked_phone_text(phone: str | None) -> str:
    """A telephone as who does not need it reads it, a dash for none."""
    return masks.phone(phone) if phone else "—"


def size_text(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"


def told_phone_text(phone: str | None) -> str:
    """A telephone as it is read, a dash for none."""
    return phone_text(phone) if phone else "—"


def lower_first(text: str) -> str:
    """`text` as it goes on a sentence."""
    return text[:1].lower() + text[1:]


def quoted_text(text: str) -> str:
    """`text` between guillemets; the dash of what is empty stays bare."""
    return text if text == "—" else f"«{text}»"


templates.env.filters.update(
    quoted=quoted_text,
    lower_first=lower_first,
    moment=moment_text,
    size=size_text,
    phone=told_phone_text,
    masked_phone=masked_phone_text,
    masked_email=masks.email,
    masked_curp=masks.curp,
    told_day=told_day_text,
)
templates.env.globals.update(
    texts=texts,
    notice_texts=notice_texts,
    turn_texts=turn_texts,
    capture_texts=capture_texts,
    call_texts=call_texts,
    reveal_reasons=reach.REASONS,
    Role=Role,
    PresenceState=PresenceState,
)


def _presence_choice(presence: Presence | None) -> str:
    """What the header's list shows as chosen: a key of `texts.PRESENCE_CHOICES`."""
    if presence is None:
        return PresenceState.OFFLINE.value
    return f"{presence.state}:{presence.break_kind}" if presence.break_kind else presence.state.value


def page(request: Request, name: str, context: dict[str, Any] | None = None, status: int = 200) -> HTMLResponse:
    """A page without a session: signing in, errors."""
    values = {"csrf_token": getattr(request.state, "csrf_token", ""), "user": None, **(context or {})}
    return templates.TemplateResponse(
        request, name, values, status_code=status, headers={"Content-Security-Policy": CSP, "Cache-Control": "no-store"}
    )


async def staff_page(
    request: Request,
    session: AsyncSession,
    user: User,
    name: str,
    context: dict[str, Any] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """A page of the console, with its header: who I am, whether I take chats, calls owed, what agencies told."""
    if user.role is Role.AUDITOR:
        return page(request, name, _auditors(request, user) | (context or {}), status)
    presence = await agents.presence_of(session, user.id)
    values = {
        "user": user,
        "is_head": user.role in (Role.HEAD, Role.ADMIN),
        "is_admin": user.role is Role.ADMIN,
        "presence_state": presence.state if presence else PresenceState.OFFLINE,
        "presence_choice": _presence_choice(presence),
        "capacity": presence.capacity if presence else agents.DEFAULT_CAPACITY,
        "on_call": await calls.running(session, user.id),
        "calls_owed": await tasks.pending_count(session),
        "agency_news": await news.count(session, user.id),
        "webhooks_stopped": await subscriptions.stopped_count(session) if user.role is Role.ADMIN else 0,
        "calls_now": await telephony.badge(session, user.id),
        "calls_now_text": telephony_texts.waiting,
        "notice": request.query_params.get("aviso", ""),
        "notices": NOTICES,
        **(context or {}),
    }
    return page(request, name, values, status)


def _auditors(request: Request, user: User) -> dict[str, Any]:
    """The header of an auditor: neither chats nor calls are theirs."""
    return {"user": user, "is_auditor": True, "notice": request.query_params.get("aviso", ""), "notices": NOTICES}


def liaison_page(
    request: Request, user: User, agency: Agency, name: str, context: dict[str, Any], status: int = 200
) -> HTMLResponse:
    """A page of the liaison's console: nothing on it is of the office's own."""
    notice = request.query_params.get("aviso", "")
    values = {"user": user, "agency": agency, "notice": notice, "notices": NOTICES, **context}
    return page(request, name, values, status)


#: What a page says after a form was accepted, by the code in its address.
NOTICES = {
    **account_texts.NOTICES,
    "bitacora_integra": "La bitácora está íntegra: nadie la ha cambiado.",
    "guardado": "Los cambios se guardaron.",
    "contrasena": "Su contraseña se cambió.",
    **outreach_texts.NOTICES,
    **board_texts.NOTICES,
    "usuario": "El usuario se guardó.",
    "estado": "El estado se actualizó.",
    "nota": "La nota se agregó.",
    "avisado": "El aviso salió. Aquí mismo verá cómo le va.",
    "reintentado": "El aviso se intentó de nuevo. Aquí mismo verá cómo le va.",
    "horario": "El horario se guardó.",
    "respuesta": "La respuesta se guardó.",
    "canal": "Los datos de la cuenta se guardaron.",
    "canal_nuevo": "La cuenta se agregó, apagada. Siga los pasos para encenderla.",
    "canal_encender": "El canal quedó encendido.",
    "canal_apagar": "El canal quedó apagado.",
    "canal_webhook": "Telegram ya sabe a qué dirección llamar.",
    "canal_consulta": "El sistema consultará a Telegram.",
    "plantilla_guardar": "El texto se guardó.",
    "plantilla_solicitar": "La plantilla se envió a revisión. WhatsApp suele responder en minutos, o en un día.",
    "plantilla_actualizar": "El estado de la plantilla está al día.",
    "recuperados": "Los mensajes se recuperaron.",
    "recuperados_algunos": "Se recuperó una parte. Lo demás sigue en la lista: intente de nuevo más tarde.",
    "estados": "Los estados se actualizaron con lo que dice el proveedor.",
    "recuperados_ninguno": "No se recuperó ningún mensaje.",
    "vista_guardada": "La vista se guardó.",
    "vista_eliminada": "La vista se eliminó.",
    "asignada": "El responsable se actualizó.",
    "etiquetas": "Las etiquetas se actualizaron.",
    "plazo_detenido": "El plazo quedó detenido.",
    "plazo_reanudado": "El plazo corre de nuevo.",
    "plazos": "Los plazos se guardaron y las fechas de vencimiento se calcularon de nuevo.",
    "dia_inhabil": "Los días inhábiles se guardaron y las fechas de vencimiento se calcularon de nuevo.",
    "documento": "El documento se hizo. Aquí puede descargarlo.",
    "documento_cancelado": "El documento quedó cancelado. Su número no se vuelve a usar.",
    "plantilla_documento": "La plantilla se guardó. Los documentos nuevos ya la usan.",
    "plantilla_restaurada": "Se restauró el texto de esa versión.",
    "membrete": "El membrete y la numeración se guardaron.",
    **related_texts.NOTICES,
    "turnada": "La petición se turnó. Aquí mismo verá cómo le va en cada dependencia.",
    "turno": "El turno se actualizó.",
    "visto": "Quedó marcado como visto.",
    "compartido": "La dependencia ve los documentos que eligió.",
    "correo": "El correo se enviará de nuevo. Aquí mismo verá cómo le va.",
    "dependencia": "La dependencia se guardó.",
    "acuse": "Quedó registrado que la recibió.",
    "contestado": "Su respuesta llegó a Atención Ciudadana. Gracias.",
    "informado": "La información llegó a Atención Ciudadana.",
    "plazo": "Pidió más tiempo. Atención Ciudadana le contestará aquí mismo.",
    "devuelto": "La petición volvió a Atención Ciudadana.",
    "etiqueta_quitada": "Se quitó la clasificación.",
    **integration_texts.NOTICES,
    **board_texts.NOTICES,
    **call_texts.NOTICES,
    **outreach_texts.NOTICES,
    **staffing_texts.NOTICES,
    **telephony_texts.NOTICES,
    **transparency_texts.NOTICES,
    **arco_texts.NOTICES,
    **quarterly_texts.NOTICES,
}
