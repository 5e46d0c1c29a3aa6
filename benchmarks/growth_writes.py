"""What citizens, vendors, the bot and staff write, as they do: one thing after another, each measured."""

import functools
import uuid
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from twilio.request_validator import RequestValidator

from backend import clock
from backend.messaging.models import ChannelAccount
from backend.webhooks import service as webhooks
from benchmarks.growth_office import TELEGRAM_SECRET, TWILIO_TOKEN, Office, Subject, made_id
from channels.port import InboundMessage, Sender

_NARRATIVE = "Hay una fuga de agua frente a la primaria desde el lunes y nadie la atiende."


async def chat(office: Office, subject: Subject, number: int) -> None:
    """A citizen comes and writes, a member of staff takes the chat, answers and closes it."""
    del subject, number
    opened = (await office.ask("POST /api/chat/sessions", "POST", "/api/chat/sessions", "anyone", json={})).json()
    who, chat_id = {"Authorization": f"Bearer {opened['token']}"}, opened["session_id"]
    said = {"client_id": uuid.uuid4().hex, "text": "hola, no hay agua en mi calle"}
    await office.ask("POST /api/chat/messages", "POST", "/api/chat/messages", who, json=said)
    await office.ask("POST /api/chat/typing", "POST", "/api/chat/typing", who)
    of_chat = f"/api/console/conversations/{chat_id}"
    steps = (
        ("take", None),
        ("reply", {"text": "Con gusto le atiendo.", "idempotency_key": uuid.uuid4().hex}),
        ("note", {"text": "Vive en el Centro.", "idempotency_key": uuid.uuid4().hex}),
        ("read", {"up_to": 1}),
        ("typing", None),
        ("return-to-bot", None),
        ("take", None),
        ("transfer", {"to_agent_id": None, "note": "Le toca"}),
        ("take", None),
        ("close", {"reason": "solved", "note": ""}),
    )
    for step, body in steps:
        name = f"POST /api/console/conversations/…/{step}"
        await office.ask(name, "POST", f"{of_chat}/{step}", "analyst", json=body)
    await office.ask("POST /api/chat/receipts", "POST", "/api/chat/receipts", who, json={"read": "2"})


async def vendors(office: Office, subject: Subject, number: int) -> None:
    """Somebody whom we know writes, and somebody new, by WhatsApp and by Telegram; a worker reads what they write."""
    del number
    new = 6_000_000_000 + uuid.uuid4().int % 10**8
    for known, person in (("new", new), ("known", 6_620_000_000 + subject.row + 1)):
        name = f"POST /webhooks/whatsapp ({known})"
        await _whatsapp(office, name, f"+521{person:010d}")
        name = f"worker: a call of WhatsApp's, read ({known})"
        await office.look(name, functools.partial(_read, office.accounts["whatsapp"], f"+52{person:010d}"))
        name = f"POST /webhooks/telegram ({known})"
        await _telegram(office, name, 7_000_000_000 + (subject.row + 2 if known == "known" else new))


async def _read(account_id: str, sender: str, session: AsyncSession) -> None:
    account = await session.get_one(ChannelAccount, uuid.UUID(account_id))
    said = InboundMessage(f"SM{uuid.uuid4().hex}", Sender(sender, sender, None, sender), "no hay agua")
    await webhooks.store(session, account, said)


async def _whatsapp(office: Office, name: str, sender: str) -> None:
    path = f"/webhooks/whatsapp/{office.accounts['whatsapp']}"
    content = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": f"whatsapp:{sender}", "To": "whatsapp:+526620000001",
               "Body": "no hay agua", "NumMedia": "0"}  # fmt: skip
    signature = RequestValidator(TWILIO_TOKEN).compute_signature(f"{office.base_url}{path}", content)
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    await office.ask(name, "POST", path, "anyone", content=urlencode(content), headers=headers)


async def _telegram(office: Office, name: str, sender: int) -> None:
    person, update = {"id": sender, "first_name": "Vecina"}, uuid.uuid4().int % 2**31
    message = {"message_id": update, "date": 1_790_000_000, "chat": {**person, "type": "private"},
               "from": {**person, "is_bot": False}, "text": "no hay agua"}  # fmt: skip
    headers = {"x-telegram-bot-api-secret-token": TELEGRAM_SECRET}
    path = f"/webhooks/telegram/{office.accounts['telegram']}"
    await office.ask(name, "POST", path, "anyone", json={"update_id": update, "message": message}, headers=headers)


async def bot(office: Office, subject: Subject, number: int) -> None:
    """The bot takes a petition down in a new chat, files it, and tells how one is doing."""
    del number
    office.is_measured, was = False, office.is_measured
    opened = (await office.ask("", "POST", "/api/chat/sessions", "anyone", json={})).json()
    office.is_measured = was
    of_chat = f"/internal/conversations/{opened['session_id']}"
    answers = {"narrativa": _NARRATIVE, "municipio": "Hermosillo", "colonia": "Centro", "nombre": "Ana Luz Soto",
               "contacto": "662 123 4567"}  # fmt: skip
    steps: list[tuple[str, dict[str, object] | None]] = [
        ("consent", {"accepted": True}), ("draft", {"kind": "peticion", "fields": {}}),
        *(("draft/answer", {"field": name, "text": text}) for name, text in answers.items()),
        ("draft/offer", None), ("draft/decline", None), ("draft/file", None),
        ("status", {"folio": subject.folio, "access_code": subject.code}),
        ("information", {"folio": subject.folio, "access_code": subject.code, "text": "Sigue igual."}),
        ("callback", {"name": "Ana Luz Soto", "phone": "662 123 4567"}),
    ]  # fmt: skip
    for step, body in steps:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        name = f"POST /internal/conversations/…/{step}"
        await office.ask(name, "POST", f"{of_chat}/{step}", "bot", json=body, headers=headers)


async def registry(office: Office, subject: Subject, number: int) -> None:
    """Staff look for what is alike, register a petition, change it, turn it, and note something."""
    typed = {"narrative": subject.narrative, "municipality": "Hermosillo", "name": subject.name}
    await office.ask(
        "POST /api/console/related/candidates", "POST", "/api/console/related/candidates", "analyst",
        json={"fields": typed},
    )  # fmt: skip
    await office.ask(
        "POST /api/console/capture/people", "POST", "/api/console/capture/people", "analyst",
        json={"typed": subject.name},
    )  # fmt: skip
    filed = {"kind": "peticion", "channel": "presencial", "narrative": f"{_NARRATIVE} {number}", "name": subject.name,
             "municipality": "Hermosillo", "colonia": "Centro", "phone": "6621234567"}  # fmt: skip
    folio = (await office.ask("POST /api/petitions", "POST", "/api/petitions", "analyst", json=filed)).json()["folio"]
    of_petition = f"/api/petitions/{folio}"
    changed = {"status": "en_analisis", "reason": "Se revisa."}
    await office.ask("PATCH /api/petitions/{folio}", "PATCH", of_petition, "analyst", json=changed)
    note, turned = {"text": "Se llamó."}, {"agency": "cea", "instructions": "Revisar la fuga."}
    await office.ask("POST /api/petitions/{folio}/notes", "POST", f"{of_petition}/notes", "analyst", json=note)
    await office.ask("POST /api/petitions/{folio}/turns", "POST", f"{of_petition}/turns", "analyst", json=turned)
    asked = {"folio": subject.folio, "clave": subject.code}
    await office.ask("POST /folio", "POST", "/folio", "anyone", data=asked)


async def desk(office: Office, subject: Subject, number: int) -> None:
    """A call is written down, a task given, the audit trail told of it."""
    del number
    now = clock.local(clock.now()).strftime("%Y-%m-%dT%H:%M")
    call = {"clase": "llamada", "telefono": subject.phone or "6621234567", "nombre": "Ana", "proposito": "informacion",
            "resultado": "atendida", "inicio": now, "termino": now, "notas": "Horario"}  # fmt: skip
    path = "/consola/llamadas/anotar"
    await office.ask(f"POST {path}", "POST", path, "analyst", data=call)
    task = {"title": "Llamar a la vecina", "user_id": made_id("u", 1), "due_on": now[:10], "folio": subject.folio}
    await office.ask("POST /consola/tareas", "POST", "/consola/tareas", "head", data=task)


STORIES = (chat, vendors, bot, registry, desk)
