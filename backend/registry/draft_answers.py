"""The answers of a draft: what the channel itself vouches for, and what one answer means for the others."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalog import postal
from backend.catalog.models import Municipality
from backend.conversations.models import Conversation
from backend.registry import intake
from backend.registry.models import PetitionDraft


async def known_already(session: AsyncSession, draft: PetitionDraft, *, is_named: bool = False) -> dict[str, str]:
    """What need not be asked because the channel itself vouches for it: the telephone. It may be corrected.

    Where one may be anonymous it waits until they chose not to be (`is_named`).
    """
    conversation = await session.get_one(Conversation, draft.conversation_id)
    wanted = intake.fields_of(draft.kind, {})
    is_open = "contacto" in wanted and ("anonimo" not in wanted or is_named)
    if conversation.verified_phone is None or not is_open:
        return {}
    return {"contacto": conversation.verified_phone}


async def with_answer(session: AsyncSession, draft: PetitionDraft, field: str, value: str, told: str) -> dict[str, str]:
    """The answers with one more. Whoever chooses to be anonymous is not kept by their telephone either."""
    answers: dict[str, str] = {**draft.fields, field: value}
    if field == "municipio":
        return await _with_colonia(session, draft, answers, told)
    if field != "anonimo":
        return answers
    if value == "no":
        return {**await known_already(session, draft, is_named=True), **answers}
    return {name: kept for name, kept in answers.items() if name not in {"nombre", "contacto"}}


async def _with_colonia(
    session: AsyncSession, draft: PetitionDraft, answers: dict[str, str], told: str
) -> dict[str, str]:
    """The answers, and the colonia that was told with the municipality, where it is asked for and not known."""
    municipality = await session.get_one(Municipality, answers["municipio"])
    colonia = postal.colonia_in(told, municipality)
    is_wanted = "colonia" in intake.fields_of(draft.kind, answers) and "colonia" not in answers
    return {**answers, "colonia": colonia} if colonia is not None and is_wanted else answers
