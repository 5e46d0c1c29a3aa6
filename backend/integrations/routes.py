"""The integration API: petitions, for other systems by their keys and for staff by theirs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, status
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.auth import ApiReader, ApiWriter, Caller
from backend.agents.models import Scope
from backend.catalog.models import Agency
from backend.db import Tx
from backend.errors import Forbidden, InvalidInput
from backend.integrations import listing, reading
from backend.integrations.idempotency import Intent, Once, once
from backend.integrations.schemas import (
    AnswerIn,
    ChangeIn,
    ErrorOut,
    EventList,
    PetitionFiled,
    PetitionFull,
    PetitionList,
    RemarkIn,
    TurnIn,
    TurnOut,
    brief,
    event_out,
    turn_out,
)
from backend.limits import RateLimiter
from backend.registry import capture, folios, petitions
from backend.registry.models import (
    ActorKind,
    EntryChannel,
    Petition,
    PetitionEventKind,
    PetitionKind,
    PetitionStatus,
)
from backend.registry.schemas import PetitionIn
from backend.settings import Settings
from backend.turns import service as turns
from backend.turns.errors import TurnNotFound, TurnRefused
from backend.turns.models import Turn
from backend.turns.service import TurnOrder, TurnView

READS_PER_MINUTE = 600
WRITES_PER_MINUTE = 240

_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorOut, "description": "No key, or one that opens nothing."},
    403: {"model": ErrorOut, "description": "The key lacks a scope."},
    422: {"model": ErrorOut, "description": "Something in the request is wrong; `details` says what."},
    429: {"model": ErrorOut, "description": "Too many requests; wait `Retry-After` seconds."},
    503: {"model": ErrorOut, "description": "Away for a moment; try again."},
}
_OF_ONE: dict[int | str, dict[str, Any]] = {404: {"model": ErrorOut, "description": "No such folio or turn."}}
_CHANGES: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorOut, "description": "The body cannot be read."},
    409: {"model": ErrorOut, "description": "Not possible as the petition stands, or an Idempotency-Key reused."},
    412: {"model": ErrorOut, "description": "The petition has changed since the version in `If-Match`."},
}


async def _limit(request: Request) -> None:
    """Each key for itself; without one, each address."""
    limiter: RateLimiter = request.app.state.limiter
    is_read = request.method == "GET"
    who = request.headers.get("authorization") or (request.client.host if request.client else "")
    await limiter.check("api-read" if is_read else "api-write", who, READS_PER_MINUTE if is_read else WRITES_PER_MINUTE)


router = APIRouter(prefix="/api", tags=["petitions"], responses=_ERRORS, dependencies=[Depends(_limit)])

Folio = Annotated[str, Path(max_length=60, examples=["AC-2026-000123-K"])]
IfMatch = Annotated[
    str | None,
    Header(max_length=400, description="The `ETag` that was read; the change is refused (412) if it is no longer it."),
]


@router.get("/petitions", responses={400: {"model": ErrorOut, "description": "The query cannot be read."}})
async def list_petitions(
    tx: Tx,
    caller: ApiReader,
    search: Annotated[str, Query(max_length=200, description="A folio; or words, with `datos_personales`.")] = "",
    status: Annotated[list[PetitionStatus] | None, Query(max_length=9, description="May be repeated.")] = None,
    kind: PetitionKind | None = None,
    channel: EntryChannel | None = None,
    municipality: Annotated[str | None, Query(pattern=r"^26[0-9]{3}$", description="INEGI key.")] = None,
    agency: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z0-9-]+$", description="Its `key`.")] = None,
    topic: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z0-9-]+$", description="Its `key`.")] = None,
    updated_since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    created_from: AwareDatetime | None = None,
    created_to: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
    sort: Annotated[str, Query(pattern="^-?updated_at$", description="`-`: newest first.")] = "-updated_at",
    cursor: Annotated[str | None, Query(max_length=300, description="The `next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PetitionList:
    """Petitions in the order of their last change."""
    typed = search.replace("\0", "").strip()
    if typed and not caller.sees_persons and folios.parse(typed) is None:
        # Words find names too: a key that may not see them may not guess them.
        raise Forbidden("Esta llave solo puede buscar por folio.", scope=Scope.PERSONS.value)
    wanted = listing.Wanted(
        status or (), kind, channel, municipality, agency, topic, updated_since, created_from, created_to, typed,
        newest_first=sort.startswith("-"),
    )  # fmt: skip
    found = await listing.page(tx, wanted, cursor=cursor, limit=limit)
    sight = {"sees_persons": caller.sees_persons, "is_whole": caller.user.is_system}
    return PetitionList(petitions=[brief(row, **sight) for row in found.rows], next_cursor=found.next_cursor)


@router.post("/petitions", status_code=status.HTTP_201_CREATED, response_model=PetitionFiled, responses=_CHANGES)
async def file_petition(request: Request, tx: Tx, caller: ApiWriter, body: PetitionIn, intent: Once) -> Response:
    """Register a petition. `channel` is how it reached the other system; `integracion` where that is not known."""

    if caller.user.is_system and body.conversation_id is not None:
        raise InvalidInput("Otro sistema no puede ligar una conversación.", field="conversation_id")

    async def effect() -> Response:
        settings: Settings = request.app.state.settings
        petition = await capture.register(tx, body, user_id=caller.user.id)
        filed = PetitionFiled(folio=petition.folio, access_code=petitions.code_of(petition, settings.key))
        return _json(filed, petition, status.HTTP_201_CREATED, {"Location": f"/api/petitions/{petition.folio}"})

    return await once(tx, intent, caller.user, effect)


@router.get(
    "/petitions/{folio}",
    response_model=PetitionFull,
    responses=_OF_ONE | {304: {"description": "Still the version in `If-None-Match`."}},
)
async def read_petition(
    tx: Tx,
    caller: ApiReader,
    folio: Folio,
    if_none_match: Annotated[str | None, Header(max_length=400)] = None,
) -> Response:
    """A petition with its turns, its latest events and what is attached. `ETag` is its version."""
    petition = await reading.petition_of(tx, folio)
    if if_none_match is not None and reading.matches(if_none_match, petition):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": reading.etag(petition)})
    return await _whole(tx, caller, petition)


@router.patch("/petitions/{folio}", response_model=PetitionFull, responses=_OF_ONE | _CHANGES)
async def change_petition(
    tx: Tx, caller: ApiWriter, folio: Folio, body: ChangeIn, if_match: IfMatch = None
) -> Response:
    """Change a petition's data or its status; the history keeps both."""
    petition = await reading.petition_of(tx, folio, for_update=True)
    reading.require_version(if_match, petition)
    changes = body.model_dump(exclude={"status", "reason", "asked"}, exclude_unset=True)
    await petitions.edit(tx, petition, changes, user_id=caller.user.id)
    if body.status is not None and body.status is not petition.status:
        reason = body.reason.strip()
        if not reason:
            raise InvalidInput("Escriba el motivo del cambio de estado.", field="reason")
        await petitions.change_status(
            tx, petition, body.status, user_id=caller.user.id, reason=reason, asked=body.asked.strip()
        )
    return await _whole(tx, caller, petition)


@router.post(
    "/petitions/{folio}/notes",
    status_code=status.HTTP_201_CREATED,
    response_model=PetitionFull,
    responses=_OF_ONE | _CHANGES,
)
async def add_note(
    tx: Tx, caller: ApiWriter, folio: Folio, body: RemarkIn, intent: Once, if_match: IfMatch = None
) -> Response:
    """Add a note to a petition's history; the citizen does not see it."""

    async def effect(petition: Petition) -> Response:
        kind, user_id = PetitionEventKind.NOTE, caller.user.id
        await petitions.add_event(tx, petition, kind, actor=ActorKind.STAFF, user_id=user_id, text=body.text)
        return await _whole(tx, caller, petition, status.HTTP_201_CREATED)

    return await _changed(tx, caller, folio, intent, if_match, effect)


@router.get("/petitions/{folio}/events", responses=_OF_ONE)
async def list_events(
    tx: Tx,
    caller: ApiReader,
    folio: Folio,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> EventList:
    """A petition's whole history, oldest first."""
    petition = await reading.petition_of(tx, folio)
    found = await reading.events_of(tx, petition, after=after, limit=limit + 1)
    shown = [event_out(row, sees_persons=caller.sees_persons) for row in found[:limit]]
    return EventList(events=shown, next_after=shown[-1].id if len(found) > limit else None)


@router.get("/petitions/{folio}/turns", responses=_OF_ONE)
async def list_turns(tx: Tx, caller: ApiReader, folio: Folio) -> list[TurnOut]:
    """The agencies a petition was turned to, and what each answered."""
    petition = await reading.petition_of(tx, folio)
    views = await turns.of_petition(tx, petition.id)
    return [turn_out(view, sees_persons=caller.sees_persons) for view in views]


@router.post(
    "/petitions/{folio}/turns",
    status_code=status.HTTP_201_CREATED,
    response_model=TurnOut,
    responses=_OF_ONE | _CHANGES,
)
async def turn_petition(
    tx: Tx, caller: ApiWriter, folio: Folio, body: TurnIn, intent: Once, if_match: IfMatch = None
) -> Response:
    """Turn a petition to an agency."""

    async def effect(petition: Petition) -> Response:
        agency = await tx.scalar(select(Agency).where(Agency.key == body.agency))
        if agency is None:
            raise TurnRefused("Esa dependencia no está en el catálogo.", field="agency")
        order = TurnOrder(agency.id, body.instructions, body.due_on)
        [made] = await turns.turn(tx, petition, [order], user_id=caller.user.id, reason=body.reason.strip())
        shown = turn_out(TurnView(made, agency), sees_persons=caller.sees_persons)
        return _json(shown, petition, status.HTTP_201_CREATED)

    return await _changed(tx, caller, folio, intent, if_match, effect)


@router.post("/petitions/{folio}/turns/{turn_id}/answer", response_model=TurnOut, responses=_OF_ONE | _CHANGES)
async def answer_turn(
    tx: Tx, caller: ApiWriter, folio: Folio, turn_id: UUID, body: AnswerIn, intent: Once, if_match: IfMatch = None
) -> Response:
    """Write down an agency's answer; it closes its turn. Concluding the petition stays the office's to do."""

    async def effect(petition: Petition) -> Response:
        one = await tx.get(Turn, turn_id, with_for_update=True)
        if one is None or one.petition_id != petition.id:
            raise TurnNotFound
        await turns.answer(tx, petition, one, body.text, body.outcome, user_id=caller.user.id)
        agency = await tx.get_one(Agency, one.agency_id)
        return _json(turn_out(TurnView(one, agency), sees_persons=caller.sees_persons), petition)

    return await _changed(tx, caller, folio, intent, if_match, effect)


async def _changed(
    tx: AsyncSession,
    caller: Caller,
    folio: str,
    intent: Intent,
    if_match: str | None,
    effect: Callable[[Petition], Awaitable[Response]],
) -> Response:
    """An effect on a locked petition, once a key, upon the version that the caller knows."""

    async def locked() -> Response:
        petition = await reading.petition_of(tx, folio, for_update=True)
        reading.require_version(if_match, petition)
        return await effect(petition)

    return await once(tx, intent, caller.user, locked)


async def _whole(tx: AsyncSession, caller: Caller, petition: Petition, code: int = status.HTTP_200_OK) -> Response:
    return _json(await reading.petition_full(tx, petition, caller), petition, code)


def _json(
    shown: BaseModel, petition: Petition, code: int = status.HTTP_200_OK, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        shown.model_dump_json(),
        code,
        media_type="application/json",
        headers={"ETag": reading.etag(petition), "Vary": "Authorization, Cookie", **(headers or {})},
    )
