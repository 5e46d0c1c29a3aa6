"""Telegram's errors, in its words and its JSON."""

import math
from typing import Any

from fastapi.responses import JSONResponse


class TelegramError(Exception):
    """A request that the Bot API refuses."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(what: str) -> TelegramError:
    return TelegramError(400, f"Bad Request: {what}")


def forbidden(what: str) -> TelegramError:
    return TelegramError(403, f"Forbidden: {what}")


def too_many(wait: float) -> TelegramError:
    seconds = max(1, math.ceil(wait))
    return TelegramError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def answer(error: TelegramError) -> JSONResponse:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return JSONResponse(body, status_code=error.code)


def answer_status(status: int) -> JSONResponse:
    """The body of a bare HTTP status: what failed on Telegram's side."""
    if status == 429:
        return answer(too_many(5))
    names = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    return answer(TelegramError(status, names.get(status, "Internal Server Error")))
