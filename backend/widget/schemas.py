"""The public chat API's shapes. Stable: fields may be added, none removed or given another meaning."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from backend.conversations.models import Owner
from backend.fields import CleanText

PublicAuthor = Literal["citizen", "bot", "agent", "system"]


class NewSession(BaseModel):
    language: CleanText = Field("es-MX", max_length=10, description="BCP 47 tag of the page's language.")
    page_url: CleanText | None = Field(None, max_length=500, description="The page that embeds the chat.")


class Session(BaseModel):
    session_id: UUID
    token: str = Field(description="Send it as `Authorization: Bearer …`. Whoever holds it reads the conversation.")


class NewMessage(BaseModel):
    client_id: str = Field(
        min_length=1, max_length=100, description="The sender's own id of this message; repeating it has no effect."
    )
    text: str | None = Field(None, description="What the citizen wrote, up to 4,000 characters.")
    payload: CleanText | None = Field(
        None, min_length=1, max_length=1000, description="The payload of a button pressed."
    )


class MessageAccepted(BaseModel):
    message_id: UUID


class ButtonOut(BaseModel):
    title: str
    payload: str


class AttachmentOut(BaseModel):
    id: UUID
    file_name: str
    content_type: str
    size: int = Field(description="Bytes.")
    url: str = Field(description="Address of the file; needs the same token.")

    @classmethod
    def of(cls, id: UUID, file_name: str, content_type: str, size: int) -> Self:
        url = f"/api/chat/attachments/{id}"
        return cls(id=id, file_name=file_name, content_type=content_type, size=size, url=url)


class AttachmentAccepted(BaseModel):
    message_id: UUID
    attachment: AttachmentOut


class MessageOut(BaseModel):
    id: UUID
    seq: int
    author: PublicAuthor
    agent_name: str | None = None
    text: str
    buttons: list[ButtonOut] = []
    attachments: list[AttachmentOut] = []
    client_id: str | None = Field(None, description="On the citizen's own messages: the id they were sent with.")
    created_at: datetime


class Status(BaseModel):
    """Who answers now, and whether an answer is on its way."""

    owner: Owner
    busy: bool = Field(description="A reply to what was received is still to come.")
    queue_position: int | None = Field(None, description="People before this one; null unless waiting.")
    agent_name: str | None = None
    agent_typing: bool = False
    agent_read_cursor: str = Field("0", description="A person has read up to this cursor.")


class Messages(Status):
    messages: list[MessageOut]
    cursor: str = Field(description="Give it as `after` to get what comes next.")
    more: bool = Field(False, description="There is more right now; ask again at once.")


class Receipts(BaseModel):
    delivered: str | None = Field(None, description="Cursor up to which the citizen's device has the messages.")
    read: str | None = Field(None, description="Cursor up to which the citizen has seen them.")
