"""What is asked of both offices: every page and answer that reads, what people and vendors write, the workers' looks.

Reads are taken from the application's own routes: one that is new is asked for too, or has its reason in LEFT_OUT.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from backend import clock
from benchmarks.growth_office import Office, Subject, made_id
from tests.all_routes import Known
from tests.security import table

#: Asks one office for one thing, or for some that follow from each other, about one subject.
Story = Callable[[Office, Subject, int], Awaitable[None]]

_NO_ROWS = "nothing in these databases is of this kind, and it reads one row by its key"
LEFT_OUT = {
    "/api/chat/stream": "measured to its first event, beside",
    "/api/console/stream": "measured to its first event, beside",
    "/consola/tablero/en-vivo": "measured to its first picture, beside",
    "/consola/aprendizaje/exportar/{name}": "it is the whole of what was labelled, and as long as that",
    "/consola/arco/{request_id}/archivos/{file_id}": _NO_ROWS,
    "/consola/bloqueados/peticion/{blocked_folio}": _NO_ROWS,
    "/consola/campanas/{campaign_id}": _NO_ROWS,
    "/consola/canales/telefono/{account_id}": _NO_ROWS,
    "/consola/documentos/{letter_id}/{form}": "reads one row by its key, and its file",
    "/consola/documentos/lote/{batch_id}": _NO_ROWS,
    "/consola/documentos/lote/{batch_id}/pdf": _NO_ROWS,
    "/consola/documentos/lote/{batch_id}/zip": _NO_ROWS,
    "/consola/enlace/turnos/{turn_id}/archivos/{file_id}": _NO_ROWS,
    "/consola/grabaciones/{recording_id}": _NO_ROWS,
    "/consola/grupos/{group_id}": _NO_ROWS,
    "/consola/importaciones/{batch_id}": _NO_ROWS,
    "/consola/importaciones/{batch_id}/avance": _NO_ROWS,
    "/consola/importaciones/{batch_id}/informe.csv": _NO_ROWS,
    "/consola/integraciones/webhooks/{subscription_id}": _NO_ROWS,
    "/consola/llamadas/importar/{import_id}": _NO_ROWS,
    "/consola/llamadas/importar/{import_id}/avance": _NO_ROWS,
    "/consola/llamadas/importar/{import_id}/informe.csv": _NO_ROWS,
    "/consola/mi-cuenta": "for a person at a browser; it reads their account alone",
    "/consola/peticiones/{folio}/turnos/{turn_id}/archivos/{file_id}": _NO_ROWS,
    "/consola/transparencia/{request_id}/archivos/{file_id}": _NO_ROWS,
    "/media/{attachment_id}/{expires}/{signature}": "reads one row by its key, and its file",
    "/open311/v2/tokens/{token}.{form}": _NO_ROWS,
    "/consola/informe/{quarter}/correcciones": "of a quarter that is closed; none is",
    "/consola/informe/{quarter}/huella": "of a quarter that is closed; none is",
    "/consola/informe/{quarter}/filas": "of a quarter that is closed; none is",
}
#: Whose caller a word of tests/security/matrix.yml is.
_CALLERS = {
    "accounts": "analyst", "settled": "analyst", "staff": "analyst", "readers": "analyst", "program_readers": "analyst",
    "desk_and_auditors": "auditor", "overseers": "auditor", "heads": "head", "admins": "admin", "liaisons": "liaison",
    "board": "board", "anyone": "anyone", "bot": "bot",
}  # fmt: skip
#: Of these an analyst sees their own, or some.
_HEADS = ("/consola/arco/{request_id}", "/consola/reportes/{key}", "/consola/tareas/{task_id}")


@dataclass(frozen=True)
class Page:
    """A read: its name, its address with names for what it is about, and who asks."""

    name: str
    address: str
    who: str
    #: Its first bytes alone: it is as long as what it holds.
    is_begun: bool = False

    async def __call__(self, office: Office, subject: Subject, number: int) -> None:
        path = _filled(self.address, office, subject, number)
        who = office.chat(subject.id("c")) if self.who == "citizen" else self.who
        if self.is_begun:
            await office.begin(self.name, path, who)
            return
        answer = await office.ask(self.name, "GET", path, who)
        if answer.status_code >= 300:
            raise RuntimeError(f"{self.name}: {answer.status_code} to {path}")


def _filled(address: str, office: Office, subject: Subject, number: int) -> str:
    month = clock.local(clock.now()).date() - timedelta(days=60)
    values = {
        "conversation_id": subject.id("c"), "attachment_id": subject.id("x", 4), "folio": subject.folio,
        "document_id": subject.id("h", 4), "letter_id": subject.id("l", 4), "task_id": subject.id("v"),
        "call_id": subject.id("g"), "request_id": subject.id("s"), "user_id": made_id("u", 1),
        "call_task": subject.id("j", 10), "form": "json",
        **{name: found[number % len(found)] for name, found in office.others.items()},
        "account_id": office.accounts["telegram"], "whatsapp": office.accounts["whatsapp"],
        "municipality_id": "26030", "code": "83000", "name": "nlu.yml",
        "key": "contactos", "kind": "oficio_canalizacion", "number": "1", "quarter": "2026-T4", "channel": "telegram",
        "service_code": "agua", "service_request_id": subject.folio,
        "person": quote(subject.name), "phone": quote(subject.phone or "6621234567"),
        "words": quote(" ".join(sorted(subject.narrative.split(), key=len)[-2:])),
        "beginning": quote(subject.name.split()[-1][:5]), "first": month.isoformat(),
        "last": (month + timedelta(days=7)).isoformat(),
    }  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), address)


#: Addresses that need a choice, and those whose names mean something else than elsewhere.
_ADDRESSES = {
    "/api/people": "/api/people?search={person}",
    "/consola/arco/exportar.xlsx": "/consola/arco/exportar.xlsx?desde={first}&hasta={last}",
    "/consola/arco/{request_id}": "/consola/arco/{arco}",
    "/consola/auditoria/exportar.xlsx": "/consola/auditoria/exportar.xlsx?desde={first}&hasta={last}",
    "/consola/canales/{account_id}/plantillas": "/consola/canales/{whatsapp}/plantillas",
    "/consola/conciliacion.csv": "/consola/conciliacion.csv?cuenta={account_id}",
    "/consola/llamadas-pendientes/{task_id}": "/consola/llamadas-pendientes/{call_task}",
    "/consola/peticiones/{folio}/documentos/nuevo": "/consola/peticiones/{folio}/documentos/nuevo?tipo=carta_atencion",
    "/consola/llamadas/exportar.xlsx": "/consola/llamadas/exportar.xlsx?desde={first}&hasta={last}",
    "/consola/peticiones/exportar.xlsx": "/consola/peticiones/exportar.xlsx?desde={first}&hasta={last}",
    "/consola/tareas/exportar.xlsx": "/consola/tareas/exportar.xlsx?estado=pendiente",
    "/consola/transparencia/exportar.xlsx": "/consola/transparencia/exportar.xlsx?desde={first}&hasta={last}",
    "/open311/v2/requests/{service_request_id}.{form}": "/open311/v2/requests/{reported}.{form}",
} | {
    f"/consola/reportes/{{key}}/{form}": f"/consola/reportes/{{key}}/{form}?cifra=recibidos"
    for form in ("filas", "filas.csv", "filas.xlsx")
}
#: As long as all that there is: their first bytes.
_BEGUN = {f"/consola/{one}.csv" for one in (
    "arco/exportar", "auditoria/exportar", "llamadas-pendientes/exportar", "llamadas/exportar", "peticiones/avisos",
    "peticiones/exportar", "tareas/exportar", "transparencia/exportar",
)}  # fmt: skip
#: What else is looked at: other views of the lists, searches, the streams.
_MORE = (
    *(("analyst", f"/api/console/inbox?view={view}") for view in ("waiting", "bot", "closed", "all")),
    *(("analyst", f"/api/console/inbox?view=all&search={{{typed}}}") for typed in ("phone", "person", "words")),
    ("analyst", "/api/console/inbox?view=all&search=agua"),
    ("analyst", "/api/console/inbox?view=closed&search=fuga"),
    ("analyst", "/api/console/inbox?view=all&search=zapoteca"),
    *(("analyst", f"/consola/peticiones?{chosen}") for chosen in (
        "buscar={folio}", "buscar={person}", "buscar={words}", "buscar={phone}", "buscar=agua", "buscar={beginning}",
        "estado=concluida_satisfactoria", "estado=en_atencion", "tema=agua", "municipio=26030", "plazo=vencidas",
        "asignada=sin", "orden=antiguas", "orden=prioridad", "orden=vencimiento", "pagina=20", "avisos=sin_entregar",
        "desde={first}&hasta={last}",
    )),
    *(("analyst", f"/consola/llamadas?{chosen}") for chosen in (
        "buscar={beginning}", "numero={phone}", "buscar=agua", "desde={first}&hasta={last}", "proposito=queja",
    )),
    *(("analyst", f"/consola/llamadas-pendientes?estado={view}") for view in ("ahora", "atrasadas", "hechas")),
    *(("head", f"/consola/reportes/{key}") for key in (
        "llamadas", "chats", "productividad", "peticiones", "satisfaccion", "bot",
    )),
    ("analyst", "/api/petitions?updated_since={first}T00:00:00Z"),
    ("analyst", "/api/people?search={phone}"), ("analyst", "/api/people?search={beginning}"),
    ("head", "/consola/tareas?estado=hecha"), ("head", "/consola/tareas?buscar=expediente"),
    ("head", "/consola/arco?estado=cumplida"), ("auditor", "/consola/transparencia?estado=contestada"),
    ("auditor", "/consola/auditoria?cosa={folio}"), ("auditor", "/consola/auditoria?desde={first}&hasta={last}"),
    ("head", "/consola/informe/2026-T4?"), ("liaison", "/consola/enlace?ver=contestadas"),
    ("analyst", "/consola/documentos/hechos?buscar={folio}"), ("head", "/consola/vencidas?buscar=a"),
)  # fmt: skip
_STREAMS = (
    ("citizen", "/api/chat/stream"), ("analyst", "/api/console/stream?conversation={conversation_id}"),
    ("board", "/consola/tablero/en-vivo?vista=pared"),
)  # fmt: skip


def reads(routes: list[Known]) -> list[Page]:
    """Every page and answer, and the further views. Raises KeyError for an entry of LEFT_OUT that is no route."""
    words, pages = table.read().entries, list[Page]()
    paths = {route.path for route in routes if route.method == "GET"}
    if missing := set(LEFT_OUT) - paths:
        raise KeyError(f"no longer routes: {', '.join(sorted(missing))}")
    for path in sorted(paths - set(LEFT_OUT)):
        word = words["GET", path]
        who = "head" if path.startswith(_HEADS) else _CALLERS.get(word, word)
        pages.append(Page(path, _ADDRESSES.get(path, path), who, path in _BEGUN))
    pages += [Page(address, address, who) for who, address in _MORE]
    return pages + [Page(address, address, who, is_begun=True) for who, address in _STREAMS]
