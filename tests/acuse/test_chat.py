"""The acuse that goes out with a new folio, on every channel that takes a file."""

import io
import uuid
from pathlib import Path
from uuid import UUID

import pypdfium2
import pytest
from sqlalchemy import select

from backend import clock
from backend.acuse.service import JUST_FILED, ChatAcuse
from backend.assistant.port import Reply, TurnResult
from backend.conversations import service as conversations
from backend.conversations.files import FileStore
from backend.conversations.models import Attachment
from backend.conversations.turns import Advancer
from backend.registry import service as registry
from backend.registry.models import Petition, PetitionKind
from tests.fake_assistant import FakeAssistant
from tests.notices.conftest import Desk, desk

__all__ = ["desk"]


class Chat:
    """A citizen, a bot that says what it is told to, and the files that went out."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.bot = desk, FakeAssistant()
        self.files = FileStore(folder, max_bytes=1_000_000)
        acuses = ChatAcuse(self.files, "https://chat.example")
        self.advancer = Advancer(desk.database, self.bot, secret=b"s", lease_seconds=15, turn_seconds=8, acuses=acuses)

    async def told(self, conversation_id: UUID, text: str) -> list[Attachment]:
        self.bot.answers = [TurnResult((Reply(text), Reply("¿Algo más?")))]
        async with self.desk.database.transaction() as session:
            await conversations.receive(session, conversation_id, external_id=uuid.uuid4().hex, text="sí")
        await self.advancer.advance(conversation_id)
        async with self.desk.database.transaction() as session:
            query = select(Attachment).where(Attachment.conversation_id == conversation_id)
            return list((await session.scalars(query)).all())


@pytest.mark.parametrize("channel", ["web", "whatsapp", "telegram", "sms"])
async def test_it_goes_with_the_folio_once(desk: Desk, tmp_path: Path, channel: str) -> None:
    chat, conversation = Chat(desk, tmp_path), await desk.conversation(channel)
    assert await chat.told(conversation, "Hola") == []
    petition = await desk.get(await desk.petition(conversation))
    words = f"Su folio es {petition.folio} y su clave es ABCD2345."
    sent = await chat.told(conversation, words)
    if channel == "sms":
        assert sent == []
        return
    (file,) = sent
    assert file.file_name == f"acuse-{petition.folio}.pdf"
    assert file.petition_id is None, "it is no evidence of the petition's"
    text = pypdfium2.PdfDocument(io.BytesIO(chat.files.path(file.sha256).read_bytes()))[0].get_textpage()
    assert petition.folio in text.get_text_bounded()
    assert "ABCD2345" not in text.get_text_bounded()
    assert len(await chat.told(conversation, words)) == 1
    async with desk.database.transaction() as session:
        await registry.open_draft(session, conversation, PetitionKind.QUEJA, {})
        draft = await registry.current_draft(session, conversation)
        assert draft is not None
        assert draft.attachments == 0, "nor of the next one's"


async def test_a_folio_of_another_or_of_long_ago_brings_none(desk: Desk, tmp_path: Path) -> None:
    chat, conversation = Chat(desk, tmp_path), await desk.conversation("web")
    others = await desk.get(await desk.petition(await desk.conversation("web")))
    assert await chat.told(conversation, others.folio) == []
    petition_id = await desk.petition(conversation)
    async with desk.database.transaction() as session:
        (await session.get_one(Petition, petition_id)).created_at = clock.now() - JUST_FILED
    assert await chat.told(conversation, (await desk.get(petition_id)).folio) == []
