"""A conversation's card for who does not attend it: telephone, e-mail and CURP masked."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents.models import User
from backend.console.schemas import ConversationOut, NamedValue
from backend.conversations.models import Conversation
from backend.privacy import masks, reach
from backend.registry.intake import FIELD_TEXTS

_CONTACT, _CURP = FIELD_TEXTS["contacto"], FIELD_TEXTS["curp"]


async def for_reader(session: AsyncSession, out: ConversationOut, reader: User) -> ConversationOut:
    """The card as `reader` may see it."""
    conversation = await session.get_one(Conversation, out.id)
    return out if await reach.sees_conversation(session, reader, conversation) else masked(out)


def masked(out: ConversationOut) -> ConversationOut:
    """The card without what a person can be reached or known by; `is_masked` where there was something to hide."""
    person = out.person and out.person.model_copy(
        update={
            "phone": masks.phone(out.person.phone) if out.person.phone else None,
            "email": masks.email(out.person.email) if out.person.email else None,
            "curp": masks.curp(out.person.curp) if out.person.curp else None,
        }
    )
    draft = out.draft and out.draft.model_copy(update={"filled": [_value(one) for one in out.draft.filled]})
    phone = masks.phone(out.verified_phone) if out.verified_phone else None
    is_masked = (person, draft, phone) != (out.person, out.draft, out.verified_phone)
    update = {"person": person, "draft": draft, "verified_phone": phone, "is_masked": is_masked}
    return out.model_copy(update=update)


def _value(one: NamedValue) -> NamedValue:
    if one.label == _CONTACT:
        return one.model_copy(update={"value": masks.contact(one.value)})
    if one.label == _CURP:
        return one.model_copy(update={"value": masks.curp(one.value)})
    return one
