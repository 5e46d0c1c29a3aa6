"""The catalogs API, for staff."""

from uuid import UUID

from fastapi import APIRouter, Request, status

from backend.agents.auth import ApiReader, CurrentHead, CurrentUser
from backend.catalog import service
from backend.catalog.schemas import AgencyOut, CannedReplyIn, CannedReplyOut, MunicipalityOut, OfficeOut, Span, TopicOut
from backend.db import Tx

router = APIRouter(prefix="/api/catalog", tags=["catalog"])


@router.get("/municipalities")
async def municipalities(tx: Tx, caller: ApiReader) -> list[MunicipalityOut]:
    """The 72 municipalities."""
    return [MunicipalityOut.model_validate(one) for one in await service.municipalities(tx)]


@router.get("/agencies")
async def agencies(tx: Tx, caller: ApiReader) -> list[AgencyOut]:
    """The agencies in force."""
    return [AgencyOut.model_validate(one) for one in await service.agencies(tx)]


@router.get("/topics")
async def topics(tx: Tx, caller: ApiReader) -> list[TopicOut]:
    """The topics in use."""
    return [TopicOut.model_validate(one) for one in await service.topics(tx)]


@router.get("/office")
async def office(request: Request, tx: Tx, user: CurrentUser) -> OfficeOut:
    """Whether the office is open now."""
    return OfficeOut.model_validate(await service.office_state(tx, request.app.state.clock()))


@router.get("/business-hours")
async def read_hours(tx: Tx, user: CurrentUser) -> list[Span]:
    """The office's hours."""
    return [Span.model_validate(span) for span in await service.hours(tx)]


@router.put("/business-hours")
async def replace_hours(tx: Tx, user: CurrentHead, body: list[Span]) -> list[Span]:
    """Replace the office's hours."""
    await service.replace_hours(tx, [service.HoursSpan(span.weekday, span.opens, span.closes) for span in body])
    return body


@router.get("/canned-replies")
async def canned_replies(tx: Tx, user: CurrentUser) -> list[CannedReplyOut]:
    """The canned replies in use."""
    return [CannedReplyOut.model_validate(one) for one in await service.canned_replies(tx)]


@router.post("/canned-replies", status_code=status.HTTP_201_CREATED)
async def add_canned_reply(tx: Tx, user: CurrentHead, body: CannedReplyIn) -> CannedReplyOut:
    """Add a canned reply."""
    saved = await service.save_canned_reply(tx, reply_id=None, **body.model_dump())
    return CannedReplyOut.model_validate(saved)


@router.put("/canned-replies/{reply_id}")
async def change_canned_reply(tx: Tx, user: CurrentHead, reply_id: UUID, body: CannedReplyIn) -> CannedReplyOut:
    """Change, disable or enable a canned reply."""
    saved = await service.save_canned_reply(tx, reply_id=reply_id, **body.model_dump())
    return CannedReplyOut.model_validate(saved)
