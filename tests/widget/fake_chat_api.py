"""A chat API in memory for the widget's tests: obeys the public contract, and misbehaves when told to."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader

from backend.middleware import SecurityHeaders

WIDGET = Path(__file__).parents[2] / "backend" / "widget"


class FakeChat:
    """One conversation, and the faults to commit."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.received: list[str] = []
        self.receipts: list[dict[str, str]] = []
        self.status: dict[str, Any] = {
            "owner": "bot", "busy": False, "queue_position": None, "agent_name": None,
            "agent_typing": False, "agent_read_cursor": "0",
        }  # fmt: skip
        self.fail_sends = 0
        self.lose_answers = 0
        self.cut_after: int | None = None
        self.send_twice = False
        self.no_streams = False
        self.refuse_upload = 0
        self.streams = 0

    def say(self, text: str, author: str = "bot", **extra: Any) -> None:
        seq = len(self.messages) + 1
        message = {"id": str(uuid.uuid4()), "seq": seq, "author": author, "text": text, "buttons": [],
                   "attachments": [], "client_id": None, "created_at": datetime.now(UTC).isoformat()}  # fmt: skip
        self.messages.append(message | extra)

    def take(self, client_id: str, text: str) -> None:
        self.received.append(client_id)
        if client_id not in [message["client_id"] for message in self.messages]:
            self.say(text, "citizen", client_id=client_id)


def error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": "x", "message": message}}, status_code=status)


def create_fake(chat: FakeChat) -> FastAPI:
    app = FastAPI()
    app.mount("/widget", StaticFiles(directory=WIDGET / "static"))
    app.add_middleware(SecurityHeaders)
    page = Environment(loader=FileSystemLoader(WIDGET / "templates"), autoescape=True).get_template("demo.html")

    def known(request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in chat.tokens

    @app.get("/")
    async def demo() -> HTMLResponse:
        return HTMLResponse(page.render(base_url="https://chat.example"))

    @app.post("/api/chat/sessions", status_code=201)
    async def sessions() -> dict[str, str]:
        token = uuid.uuid4().hex
        chat.tokens.add(token)
        return {"session_id": str(uuid.uuid4()), "token": token}

    @app.post("/api/chat/messages")
    async def send(request: Request) -> Response:
        body = await request.json()
        if not known(request):
            return error(401, "La sesión no existe.")
        if chat.fail_sends:
            chat.fail_sends -= 1
            chat.received.append(body["client_id"])
            return error(500, "Ocurrió un error.")
        chat.take(body["client_id"], body.get("text") or body["payload"])
        if chat.lose_answers:
            chat.lose_answers -= 1
            return error(500, "Ocurrió un error.")
        return JSONResponse({"message_id": "x"}, status_code=202)

    @app.get("/api/chat/messages")
    async def read(request: Request, after: int = 0, wait: float = 0) -> Response:
        for _ in range(int(wait * 10)):
            if len(chat.messages) > after:
                break
            await asyncio.sleep(0.1)
        new = chat.messages[after:]
        return JSONResponse(chat.status | {"messages": new, "cursor": str(after + len(new)), "more": False})

    async def events(after: int) -> AsyncIterator[bytes]:
        told = None
        while True:
            for message in chat.messages[after:]:
                raw = f"event: message\r\nid: {message['seq']}\r\ndata: {json.dumps(message)}\r\n\r\n".encode()
                if chat.cut_after is not None:
                    cut, chat.cut_after = chat.cut_after, None
                    yield raw[:cut]
                    return
                yield raw * (2 if chat.send_twice else 1)
                after = message["seq"]
            if told != chat.status:
                told = dict(chat.status)
                yield f"event: status\r\ndata: {json.dumps(told)}\r\n\r\n".encode()
            await asyncio.sleep(0.05)

    @app.get("/api/chat/stream")
    async def stream(request: Request) -> Response:
        chat.streams += 1
        if not known(request):
            return error(401, "La sesión no existe.")
        if chat.no_streams:
            return error(502, "")
        return StreamingResponse(events(int(request.headers["last-event-id"])), media_type="text/event-stream")

    @app.post("/api/chat/attachments")
    async def attach(request: Request) -> Response:
        form = await request.form()
        if chat.refuse_upload:
            return error(chat.refuse_upload, f"Rechazado {chat.refuse_upload}.")
        file = form["file"]
        shown = {"id": "f", "file_name": file.filename, "content_type": "application/pdf", "size": 9,
                 "url": "/api/chat/attachments/f"}  # fmt: skip
        chat.say("", "citizen", client_id=form["client_id"], attachments=[shown])
        return JSONResponse({"message_id": "x", "attachment": shown}, status_code=202)

    @app.post("/api/chat/receipts", status_code=204)
    async def receipts(request: Request) -> Response:
        chat.receipts.append(await request.json())
        return Response(status_code=204)

    @app.post("/api/chat/typing", status_code=204)
    async def typing() -> Response:
        return Response(status_code=204)

    return app
