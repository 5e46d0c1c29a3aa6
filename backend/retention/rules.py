"""How long each kind of thing is kept, blocked, and then taken away: the one table, shown in the console and the docs.

The terms are this product's proposal until the office's archive and legal area set theirs: `BASIS` says what each
rests on. A petition is never deleted (Ley General de Archivos and the State's): it is blocked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.agents.models import User
from backend.audit import service as audit
from backend.errors import InvalidInput
from backend.retention.models import RetentionTerm

YEAR = 365
PROPOSED = "propuesta de este sistema: el archivo y el área jurídica de la oficina deben confirmarla"


@dataclass(frozen=True)
class Rule:
    """Days from `since`; `keep` lies between `least` and `most`. `blocked` None: not blocked before it goes.

    `blocked` 0 with `is_forever`: blocked, and never taken away.
    """

    key: str
    what: str
    since: str
    then: str
    keep: int
    least: int
    most: int
    blocked: int | None = None
    is_forever: bool = False
    basis: str = PROPOSED


@dataclass(frozen=True)
class Terms:
    keep_days: int
    blocked_days: int


RULES: tuple[Rule, ...] = (
    Rule("conversaciones", "Texto y archivos de las conversaciones", "el último mensaje, sin petición en trámite",
         "Se quita lo que se dijo; queda que hubo conversación.", 2 * YEAR, YEAR, 10 * YEAR, blocked=YEAR),
    Rule("memoria_del_asistente", "Lo que el asistente recuerda de una conversación, mensajes incluidos",
         "que contestó por última vez", "Se borra; quedan los mensajes de la conversación.", 30, 7, YEAR),
    Rule("peticiones", "Peticiones y sus personas", "que se concluyó la última petición de la persona",
         "No se borran: quedan bloqueadas.", 5 * YEAR, 3 * YEAR, 30 * YEAR, blocked=0, is_forever=True,
         basis="la ley de archivos no permite destruir expedientes sin baja documental; el plazo es " + PROPOSED),
    Rule("grabaciones", "Grabaciones de llamadas", "la llamada", "Se borran.", 180, 30, 2 * YEAR),
    Rule("eventos_de_llamada", "Datos que mandó la línea telefónica", "que llegaron",
         "Se quitan; queda la llamada en el registro.", 90, 30, YEAR),
    Rule("avisos_ilegibles", "Mensajes de los canales que no se pudieron leer", "que llegaron",
         "Se borran.", 30, 7, 180),
    Rule("no_entendidos", "Frases que el asistente no entendió, ya enmascaradas", "que se dijeron",
         "Se quita la frase; queda la cuenta.", YEAR, 90, 3 * YEAR),
    Rule("borradores", "Peticiones que no se terminaron de contar", "el último cambio",
         "Se quita lo contado.", 90, 30, YEAR),
    Rule("importaciones", "Archivos importados y sus renglones", "que se terminó de importar",
         "Se borra el archivo y lo que decía cada renglón; quedan las peticiones y llamadas.", 90, 30, YEAR),
    Rule("correos", "Correos enviados", "que se enviaron", "Se quita a quién y qué decían.", YEAR, 90, 5 * YEAR),
    Rule("envios", "Copia de lo enviado por cada canal", "que se envió",
         "Se quita la copia; queda el estado.", 180, 30, 2 * YEAR),
)  # fmt: skip
BY_KEY = {rule.key: rule for rule in RULES}

#: What other rules of the product take away by themselves, told here so that the table is whole.
ELSEWHERE: tuple[tuple[str, str], ...] = (
    ("Documentos escaneados que nadie registró", "30 días"),
    ("Respuestas guardadas de la interfaz para otros sistemas", "1 día"),
    ("Claves para unir canales", "minutos; quedan solo como huella"),
)
#: Blocked this long, a person whose data was cancelled loses it.
CANCELLED = "cancelacion_arco"
CANCELLED_RULE = Rule(
    CANCELLED, "Datos de quien pidió su cancelación (ARCO)", "que se declaró procedente",
    "Se suprimen; queda la cuenta.", 1, 1, 1, blocked=YEAR,
    basis="el bloqueo dura lo que la ley deja para exigir responsabilidades: el área jurídica debe fijarlo",
)  # fmt: skip
#: So long may anything be blocked.
MOST_BLOCKED = 10 * YEAR


async def terms(session: AsyncSession) -> dict[str, Terms]:
    """Every rule's terms as they are now."""
    stored = {row.rule: row for row in await session.scalars(select(RetentionTerm))}
    found = {}
    for rule in (*RULES, CANCELLED_RULE):
        row = stored.get(rule.key)
        found[rule.key] = Terms(row.keep_days, row.blocked_days) if row else Terms(rule.keep, rule.blocked or 0)
    return found


async def change(session: AsyncSession, user: User, wanted: Mapping[str, Terms]) -> None:
    """Set rules' terms, and write it on the audit trail. Raises InvalidInput, naming the rule."""
    now = await terms(session)
    for key, new in wanted.items():
        rule = CANCELLED_RULE if key == CANCELLED else BY_KEY.get(key)
        if rule is None:
            raise InvalidInput("Esa regla no existe.")
        _check(rule, new)
        if new == now[key]:
            continue
        row = await session.get(RetentionTerm, key, with_for_update=True) or RetentionTerm(rule=key)
        row.keep_days, row.blocked_days = new.keep_days, new.blocked_days
        row.set_by, row.set_at = user.id, clock.now()
        session.add(row)
        keep, blocked = [now[key].keep_days, new.keep_days], [now[key].blocked_days, new.blocked_days]
        await audit.record(session, user, "retention_term_changed", user.id, rule=key, keep=keep, blocked=blocked)
    await session.flush()


def _check(rule: Rule, new: Terms) -> None:
    if not rule.least <= new.keep_days <= rule.most:
        raise InvalidInput(f"«{rule.what}» se conserva de {rule.least} a {rule.most} días.", field=rule.key)
    is_blocked = rule.blocked is not None and not rule.is_forever
    if not (1 <= new.blocked_days <= MOST_BLOCKED if is_blocked else new.blocked_days == 0):
        raise InvalidInput(f"«{rule.what}»: el bloqueo va de 1 a {MOST_BLOCKED} días.", field=rule.key)
