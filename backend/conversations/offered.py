"""Buttons accepted as words: the number or the title of an option just offered, typed instead of pressed."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from backend.conversations.models import Author, Message
from backend.text import fold, sign_in_words

_NUMBER = re.compile(r"^(?:la |el |opcion |numero )*(\d{1,2})[.)]?$")
_YES = {"si", "sip", "claro", "claro que si", "ok", "okay", "va", "sale", "dale", "acepto", "de acuerdo", "esta bien"}
_NO = {"no", "nel", "nop", "no gracias", "mejor no"}
_ORDINALS = {"primera": 1, "primero": 1, "segunda": 2, "segundo": 2, "tercera": 3, "tercero": 3}

_SPOKEN = (Author.BOT, Author.SYSTEM, Author.AGENT)


def _before(authors: Collection[Author], limit: int) -> Select[Any]:
    return (
        select(Message.id, Message.seq, Message.author, Message.buttons)
        .where(
            Message.conversation_id == bindparam("conversation_id"),
            Message.seq < bindparam("seq"),
            Message.author.in_(authors),
        )
        .order_by(Message.seq.desc())
        .limit(limit)
    )


#: Written once: every message asks this. However much citizens wrote meanwhile, what we said last is among it.
_BEFORE = union(_before((Author.CITIZEN, *_SPOKEN), 10), _before(_SPOKEN, 1)).order_by(Message.seq.desc())


@dataclass(frozen=True)
class LastSaid:
    """The last message to the citizen before one of theirs."""

    message_id: UUID
    seq: int
    author: Author
    buttons: Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Pressed:
    """What a message presses: the payload of a button, or of the one whose number or title was typed.

    `of_last`: the same, by the buttons of the very last message before it alone. `last_said` is told where no button
    itself was pressed.
    """

    payload: str | None
    of_last: str | None
    last_said: LastSaid | None = None


async def pressed(session: AsyncSession, message: Message) -> Pressed:
    """What `message` presses among what was offered right before it."""
    if message.payload is not None:
        return Pressed(message.payload, message.payload)
    named = {"conversation_id": message.conversation_id, "seq": message.seq}
    before = [LastSaid(*row) for row in await session.execute(_BEFORE, named)]
    offered: list[list[tuple[str, str]]] = []
    for one in before:
        if one.author is Author.CITIZEN:
            break
        offered.append([(str(button["title"]), str(button["payload"])) for button in one.buttons])
    return Pressed(
        _match(message.text, [button for buttons in offered for button in buttons]),
        _match(message.text, offered[0] if offered else []),
        next((one for one in before if one.author is not Author.CITIZEN), None),
    )


def _match(typed: str, buttons: list[tuple[str, str]]) -> str | None:
    word = fold(sign_in_words(typed)).strip(" .!¡¿?,")
    for title, payload in buttons:
        if word == fold(title).strip(" .!¡¿?,"):
            return payload
    answer = next((first for first, words in (("si", _YES), ("no", _NO)) if word in words), None)
    meant = [payload for title, payload in buttons if answer and _says(title) == answer]
    if len(meant) == 1:
        return meant[0]
    number = _NUMBER.match(word)
    index = int(number[1]) if number else _ORDINALS.get(word.removeprefix("la ").removeprefix("el "), 0)
    return buttons[index - 1][1] if 1 <= index <= len(buttons) else None


def _says(title: str) -> str:
    """What a button's title begins by saying: «Sí, registrar» and «Acepto» say yes."""
    first = fold(title).replace(",", " ").split(" ")[0]
    return "si" if first == "acepto" else first
