"""Labelling by key: what the page's script asks without leaving the page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.agents.auth import CurrentHead
from backend.db import Tx
from backend.errors import InvalidInput
from backend.learning import intents, service

router = APIRouter(prefix="/api/console/learning", tags=["console"])


class LabelIn(BaseModel):
    """`intent` by its name, or `typed` by its name or title; neither to discard the message."""

    message_id: UUID
    intent: Annotated[str, Field(max_length=60)] | None = None
    typed: Annotated[str, Field(max_length=200)] | None = None


class LabelOut(BaseModel):
    batch: UUID = Field(description="What takes the label back.")
    count: int = Field(description="How many messages that read alike were labelled.")
    title: str | None = Field(description="The intent in words; null where the message was discarded.")


class BatchIn(BaseModel):
    batch: UUID


class UndoneOut(BaseModel):
    count: int


@router.post("/labels")
async def label(tx: Tx, user: CurrentHead, body: LabelIn) -> LabelOut:
    """Say what a message meant, and all that read alike and are pending."""
    meant = body.intent
    if body.typed is not None:
        meant = intents.named(body.typed)
        if meant is None:
            raise InvalidInput("Elija una intención de la lista.")
    batch, count = await service.label(tx, body.message_id, meant, user.id)
    return LabelOut(batch=batch, count=count, title=intents.title(meant) if meant else None)


@router.post("/labels/undo")
async def undo(tx: Tx, user: CurrentHead, body: BatchIn) -> UndoneOut:
    """Make a batch's messages pending again."""
    return UndoneOut(count=await service.undo(tx, body.batch))
