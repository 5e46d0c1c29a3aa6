"""The Content API: message templates, their approval by WhatsApp, and the rules they obey.

After the vendor's pages on `twilio/text`, `twilio/media`, `twilio/quick-reply` and
`twilio/list-picker`, and «Content template approvals and statuses».
"""

import asyncio
import json
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from tests.fakes.conversation import ButtonView
from tests.fakes.twilio_server.errors import TwilioError
from tests.fakes.twilio_server.state import TwilioState, sid

BODY_LIMIT = 1024
SESSION_BUTTONS = 3
APPROVED_BUTTONS = 10
LIST_ITEMS = 10
BUTTON_TITLE = 20
ITEM_TITLE = 24
ITEM_DESCRIPTION = 72
ITEM_ID = 200

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_TEMPLATE_NAME = re.compile(r"^[a-z0-9_]{1,512}$")
#: Types that WhatsApp does not take for approval, so that they live in a session alone.
_SESSION_ONLY = {"twilio/list-picker", "twilio/location"}


class Rendered:
    """A content with its variables filled in."""

    def __init__(self, content: dict[str, Any], variables: dict[str, str]) -> None:
        self.kind, definition = next(iter(content["types"].items()))
        filled = json.loads(_fill(json.dumps(definition), variables))
        self.body: str = filled.get("body", "")
        self.media: list[str] = filled.get("media", [])
        self.list_title: str = filled.get("button", "")
        choices = filled.get("items", filled.get("actions", []))
        self.buttons = [
            ButtonView(
                title=choice.get("item", choice.get("title", "")),
                payload=choice.get("id") or choice.get("title", ""),
                description=choice.get("description") or "",
                url=choice.get("url", ""),
            )
            for choice in choices
        ]

    def broken_rule(self) -> str:
        """The rule of the channel that it breaks; empty if none."""
        if self.buttons and len(self.body) > BODY_LIMIT:
            return f"body must be at most {BODY_LIMIT} characters"
        if self.kind == "twilio/list-picker":
            return self._broken_list_rule()
        if len(self.buttons) > APPROVED_BUTTONS:
            return f"at most {APPROVED_BUTTONS} buttons"
        if any(not 0 < len(button.title) <= BUTTON_TITLE for button in self.buttons):
            return f"a button's title must have 1 to {BUTTON_TITLE} characters"
        return "" if _unique([button.title for button in self.buttons]) else "button titles must be unique"

    def _broken_list_rule(self) -> str:
        if not 0 < len(self.list_title) <= BUTTON_TITLE:
            return f"the list's button must have 1 to {BUTTON_TITLE} characters"
        if not 0 < len(self.buttons) <= LIST_ITEMS:
            return f"a list has 1 to {LIST_ITEMS} items"
        for item in self.buttons:
            if not 0 < len(item.title) <= ITEM_TITLE:
                return f"an item must have 1 to {ITEM_TITLE} characters"
            if len(item.description) > ITEM_DESCRIPTION:
                return f"a description must have at most {ITEM_DESCRIPTION} characters"
            if not 0 < len(item.payload) <= ITEM_ID:
                return f"an id must have 1 to {ITEM_ID} characters"
        return "" if _unique([item.payload for item in self.buttons]) else "item ids must be unique"


def _unique(values: list[str]) -> bool:
    return len(set(values)) == len(values)


def _fill(text: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        return json.dumps(variables[name])[1:-1] if name in variables else match[0]

    return _PLACEHOLDER.sub(value, text)


def is_approved(content: dict[str, Any]) -> bool:
    return bool(content["approval"] and content["approval"]["status"] == "approved")


def render(state: TwilioState, content_sid: str, variables: str) -> Rendered:
    """A content as it is to be sent. Raises TwilioError 21655 and 21656."""
    content = state.contents.get(content_sid)
    if content is None:
        raise TwilioError(21655)
    try:
        given = json.loads(variables or "{}")
    except ValueError:
        raise TwilioError(21656) from None
    if not isinstance(given, dict) or any(not isinstance(value, str) or not value for value in given.values()):
        raise TwilioError(21656)
    filled = {**content["variables"], **given}
    used = {name.strip() for name in _PLACEHOLDER.findall(json.dumps(content["types"]))}
    # WhatsApp's own rule for the variables of a template: one line, no runs of spaces.
    broken = is_approved(content) and any(re.search(r"[\n\t]| {5,}", value) for value in filled.values())
    if broken or not used <= set(filled):
        raise TwilioError(21656)
    return Rendered(content, filled)


def content_routes(state: TwilioState) -> APIRouter:
    router = APIRouter(prefix="/v1/Content")
    tasks: set[asyncio.Task[None]] = set()

    @router.post("")
    async def create(request: Request) -> Response:
        content = _created(state, await request.json(), _origin(request))
        state.contents[content["sid"]] = content
        return JSONResponse(_public(content), status_code=201)

    @router.get("")
    async def all_of_them(request: Request) -> Response:
        return JSONResponse(_page(state, request))

    @router.get("/{content_sid}")
    async def one(content_sid: str) -> Response:
        return JSONResponse(_public(_content(state, content_sid)))

    @router.delete("/{content_sid}")
    async def delete(content_sid: str) -> Response:
        del state.contents[_content(state, content_sid)["sid"]]
        return Response(status_code=204)

    @router.post("/{content_sid}/ApprovalRequests/whatsapp")
    async def ask_approval(content_sid: str, request: Request) -> Response:
        content = _content(state, content_sid)
        content["approval"] = approval = _approval(content, await request.json())
        task = asyncio.create_task(_decide(state, approval))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return JSONResponse(approval, status_code=201)

    @router.get("/{content_sid}/ApprovalRequests")
    async def approval(content_sid: str) -> Response:
        content = _content(state, content_sid)
        return JSONResponse(
            {
                "sid": content_sid,
                "account_sid": state.account.sid,
                "whatsapp": {"type": "whatsapp", **(content["approval"] or {"status": "unsubmitted"})},
                "url": f"{content['url']}/ApprovalRequests",
            }
        )

    return router


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _content(state: TwilioState, content_sid: str) -> dict[str, Any]:
    if content_sid not in state.contents:
        raise TwilioError(20404, f"/Content/{content_sid}")
    return state.contents[content_sid]


def _public(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "approval"}


def _created(state: TwilioState, body: dict[str, Any], origin: str) -> dict[str, Any]:
    """A new content. Raises TwilioError for what the channel's rules forbid whatever the variables say."""
    if not body.get("language") or len(body.get("types") or {}) < 1:
        raise TwilioError(20001, "language and types are required")
    variables = {name: str(value) for name, value in (body.get("variables") or {}).items()}
    rule = Rendered(body, variables).broken_rule()
    if rule:
        raise TwilioError(20001, rule)
    content_sid, now = sid("HX"), state.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    url = f"{origin}/v1/Content/{content_sid}"
    return {
        "sid": content_sid,
        "account_sid": state.account.sid,
        "friendly_name": body.get("friendly_name"),
        "language": body["language"],
        "variables": variables,
        "types": body["types"],
        "date_created": now,
        "date_updated": now,
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
        "approval": None,
    }


def _page(state: TwilioState, request: Request) -> dict[str, Any]:
    size, page = int(request.query_params.get("PageSize", 50)), int(request.query_params.get("Page", 0))
    contents = list(state.contents.values())[::-1]

    def url(number: int) -> str:
        return f"{_origin(request)}/v1/Content?PageSize={size}&Page={number}"

    return {
        "meta": {
            "key": "contents",
            "page": page,
            "page_size": size,
            "first_page_url": url(0),
            "previous_page_url": url(page - 1) if page else None,
            "next_page_url": url(page + 1) if (page + 1) * size < len(contents) else None,
            "url": url(page),
        },
        "contents": [_public(content) for content in contents[page * size : (page + 1) * size]],
    }


def _approval(content: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    kind = next(iter(content["types"]))
    if kind in _SESSION_ONLY:
        raise TwilioError(20001, f"{kind} can not be submitted for approval")
    if not _TEMPLATE_NAME.match(body.get("name", "")):
        raise TwilioError(20001, "name: lower-case letters, digits and underscores only")
    if body.get("category") not in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
        raise TwilioError(20001, "category must be UTILITY, MARKETING or AUTHENTICATION")
    return {
        "name": body["name"],
        "category": body["category"],
        "content_type": kind,
        "status": "received",
        "rejection_reason": "",
        "allow_category_change": True,
    }


async def _decide(state: TwilioState, approval: dict[str, Any]) -> None:
    await state.clock.sleep(state.faults.settings.approval_seconds / 2)
    if approval["status"] == "received":  # unless somebody decided meanwhile
        approval["status"] = "pending"
    await state.clock.sleep(state.faults.settings.approval_seconds / 2)
    if approval["status"] == "pending":
        approval["status"] = "approved"
