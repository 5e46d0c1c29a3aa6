"""Answers as GeoReport v2 has them, in JSON and XML from one description."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from fastapi import Request, Response

from backend import clock

PREFIX = "/open311/"
Plain = Mapping[str, Any]

#: What a list's members are called in XML, by the name of the list.
_MEMBERS = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}


def answer(form: str, root: str, told: Plain | Sequence[Plain], status: int = 200) -> Response:
    """`told` under `root`. In JSON a list stands by itself; XML names it and each of its members."""
    if form == "json":
        body = json.dumps(told, ensure_ascii=False, default=_plain)
        return Response(body, status, media_type="application/json; charset=utf-8")
    element = ElementTree.Element(root)
    _fill(element, root, told)
    body = '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(element, encoding="unicode")
    return Response(body, status, media_type="text/xml; charset=utf-8")


def _fill(element: ElementTree.Element, name: str, told: object) -> None:
    if isinstance(told, Mapping):
        for key, value in told.items():
            _fill(ElementTree.SubElement(element, key), key, value)
    elif isinstance(told, Sequence) and not isinstance(told, str):
        for one in told:
            _fill(ElementTree.SubElement(element, _MEMBERS[name]), _MEMBERS[name], one)
    elif told is not None:
        element.text = _legal(_text(told))


def _text(told: object) -> str:
    if isinstance(told, bool):
        return str(told).lower()
    return _plain(told) if isinstance(told, datetime) else str(told)


def _legal(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(
        char
        for char in text
        if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
    )


def _plain(told: object) -> str:
    """A moment in W3C form, on the office's clock: `2026-11-21T08:15:30-07:00`."""
    if not isinstance(told, datetime):
        raise TypeError(f"{type(told).__name__} has no form here")
    return clock.local(told).isoformat(timespec="seconds")


def error(request: Request, status: int, description: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error in the form that the address asks for. Of the standard's own codes: 400, 403, 404."""
    code = {401: 403, 409: 400, 413: 400, 422: 400}.get(status, status)
    form = "json" if request.url.path.endswith(".json") else "xml"
    made = answer(form, "errors", [{"code": code, "description": description}], code)
    made.headers.update(headers or {})
    return made
