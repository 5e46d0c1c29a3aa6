"""The REST API of 2010-04-01: the account, its messages and their media.

After «Messages resource», «Media subresource», «Twilio's Response» (paging) and «Authentication».
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tests.fakes.twilio_server.errors import AFTERWARDS, TwilioError
from tests.fakes.twilio_server.outbound import Outbound
from tests.fakes.twilio_server.state import Media, Message, TwilioState, key

MAX_PAGE = 1000


def api_routes(state: TwilioState, outbound: Outbound) -> APIRouter:
    router = APIRouter(prefix="/2010-04-01/Accounts")

    @router.get("/{account_sid}.json")
    async def account(account_sid: str) -> Response:
        return JSONResponse(_account(state))

    @router.post("/{account_sid}/Messages.json")
    async def create(account_sid: str, request: Request) -> Response:
        form = await request.form()
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        media = [value for value in form.getlist("MediaUrl") if isinstance(value, str)]
        return JSONResponse(_message(state, outbound.accept(texts, media)), status_code=201)

    @router.get("/{account_sid}/Messages.json")
    async def all_of_them(account_sid: str, request: Request) -> Response:
        return JSONResponse(_page(state, request.query_params))

    @router.get("/{account_sid}/Messages/{message_sid}.json")
    async def one(account_sid: str, message_sid: str) -> Response:
        return JSONResponse(_message(state, _found(state, message_sid)))

    router.include_router(_media_routes(state))
    return router


def _media_routes(state: TwilioState) -> APIRouter:
    router = APIRouter(prefix="/{account_sid}/Messages/{message_sid}/Media")

    @router.get(".json")
    async def all_of_them(message_sid: str) -> Response:
        message = _found(state, message_sid)
        media = [_media(state, message, each) for each in message.media]
        return JSONResponse({"media_list": media, **_paging(f"{_uri(state, message)}/Media.json?", 0, MAX_PAGE, "")})

    @router.get("/{media_sid}.json")
    async def described(message_sid: str, media_sid: str) -> Response:
        message = _found(state, message_sid)
        return JSONResponse(_media(state, message, found_media(message, media_sid)))

    @router.get("/{media_sid}")
    async def content(message_sid: str, media_sid: str, request: Request) -> Response:
        """Redirects to the content network, which is another host: credentials have no business there."""
        found_media(_found(state, message_sid), media_sid)
        host = "localhost" if request.url.hostname == "127.0.0.1" else "127.0.0.1"
        path = f"/_cdn/{message_sid}/{media_sid}"
        return RedirectResponse(f"http://{host}:{request.url.port}{path}", status_code=307)

    @router.delete("/{media_sid}.json")
    async def delete(message_sid: str, media_sid: str) -> Response:
        message = _found(state, message_sid)
        message.media.remove(found_media(message, media_sid))
        return Response(status_code=204)

    return router


def typing_indicator(state: TwilioState) -> APIRouter:
    """«Typing indicators for WhatsApp»: named by a message of the citizen's, which it also marks as read."""
    router = APIRouter()

    @router.post("/v2/Indicators/Typing.json")
    async def show(request: Request) -> Response:
        form = await request.form()
        message = state.messages.get(str(form.get("messageId")))
        if form.get("channel") != "whatsapp" or message is None or message.direction != "inbound":
            raise TwilioError(20001, "channel must be whatsapp and messageId an inbound message's")
        state.citizen(message.from_).actions.append("typing")
        return JSONResponse({"success": True})

    return router


def content_network(state: TwilioState) -> APIRouter:
    """Where media are: public for whoever has the address, and shut to requests that bring credentials."""
    router = APIRouter(prefix="/_cdn")

    @router.get("/{message_sid}/{media_sid}")
    async def media(message_sid: str, media_sid: str, request: Request) -> Response:
        if "authorization" in request.headers:
            state.alerts.append({"code": 0, "problem": "credentials were sent to the content network"})
            return Response("Only one auth mechanism allowed", status_code=400)
        found = found_media(_found(state, message_sid), media_sid)
        return Response(found.content, media_type=found.content_type)

    return router


def _found(state: TwilioState, message_sid: str) -> Message:
    if message_sid not in state.messages:
        raise TwilioError(20404, f"/Messages/{message_sid}.json")
    return state.messages[message_sid]


def found_media(message: Message, media_sid: str) -> Media:
    for media in message.media:
        if media.sid == media_sid:
            return media
    raise TwilioError(20404, f"/Media/{media_sid}")


def _uri(state: TwilioState, message: Message) -> str:
    return f"/2010-04-01/Accounts/{state.account.sid}/Messages/{message.sid}"


def _date(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


def _account(state: TwilioState) -> dict[str, Any]:
    sid = state.account.sid
    return {
        "sid": sid,
        "owner_account_sid": sid,
        "friendly_name": "Chat Sonora (doble de pruebas)",
        "status": "active",
        "type": "Full",
        "date_created": _date(state.clock.now()),
        "date_updated": _date(state.clock.now()),
        "uri": f"/2010-04-01/Accounts/{sid}.json",
        "subresource_uris": {"messages": f"/2010-04-01/Accounts/{sid}/Messages.json"},
    }


def _message(state: TwilioState, message: Message) -> dict[str, Any]:
    uri = _uri(state, message)
    return {
        "sid": message.sid,
        "account_sid": state.account.sid,
        "messaging_service_sid": message.service_sid,
        "api_version": "2010-04-01",
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "direction": message.direction,
        "status": message.status,
        "error_code": message.error_code,
        "error_message": AFTERWARDS[message.error_code] if message.error_code else None,
        "num_media": str(len(message.media)),
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "date_created": _date(message.created),
        "date_sent": _date(message.sent),
        "date_updated": _date(message.updated or message.created),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _media(state: TwilioState, message: Message, media: Media) -> dict[str, Any]:
    return {
        "sid": media.sid,
        "account_sid": state.account.sid,
        "parent_sid": message.sid,
        "content_type": media.content_type,
        "date_created": _date(message.created),
        "date_updated": _date(message.created),
        "uri": f"{_uri(state, message)}/Media/{media.sid}.json",
    }


def _page(state: TwilioState, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of messages, the newest first."""
    filters = {name: query[name] for name in ("To", "From", "DateSent", "DateSent<", "DateSent>") if name in query}
    messages = [message for message in reversed(state.messages.values()) if _fits(message, filters)]
    size = min(MAX_PAGE, max(1, int(query.get("PageSize", 50))))
    page = int(query.get("Page", 0))
    start = page * size
    if "PageToken" in query:  # a page begins after the last of the one before, whatever has come since
        start = 1 + [message.sid for message in messages].index(query["PageToken"].removeprefix("PA"))
    shown = messages[start : start + size]
    last = shown[-1].sid if shown and start + size < len(messages) else ""
    uri = f"/2010-04-01/Accounts/{state.account.sid}/Messages.json"
    return {
        "messages": [_message(state, message) for message in shown],
        **_paging(f"{uri}?{urlencode(filters)}{'&' if filters else ''}", page, size, last),
    }


def _fits(message: Message, filters: dict[str, str]) -> bool:
    sent = message.sent or message.created

    def moment(text: str) -> datetime:
        given = datetime.fromisoformat(text)
        return given if given.tzinfo else given.replace(tzinfo=UTC)

    return (
        ("To" not in filters or key(message.to) == key(filters["To"]))
        and ("From" not in filters or key(message.from_) == key(filters["From"]))
        and ("DateSent" not in filters or sent.date() == moment(filters["DateSent"]).date())
        and ("DateSent<" not in filters or sent <= moment(filters["DateSent<"]))
        and ("DateSent>" not in filters or sent >= moment(filters["DateSent>"]))
    )


def _paging(uri: str, page: int, size: int, last: str) -> dict[str, Any]:
    """`last`: the last message shown, if more follow."""
    here = f"{uri}PageSize={size}&Page={page}"
    return {
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + size - 1,
        "uri": here,
        "first_page_uri": f"{uri}PageSize={size}&Page=0",
        "previous_page_uri": f"{uri}PageSize={size}&Page={page - 1}" if page else None,
        "next_page_uri": f"{uri}PageSize={size}&Page={page + 1}&PageToken=PA{last}" if last else None,
    }
