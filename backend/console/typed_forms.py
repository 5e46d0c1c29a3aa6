"""Forms as they were typed: clean text, days, ids and files, whichever page they come from."""

import enum
from datetime import date
from typing import TypeVar
from uuid import UUID

from fastapi import UploadFile
from starlette.datastructures import FormData

from backend.conversations.files import FileStore
from backend.conversations.messages import StoredFile
from backend.errors import InvalidInput
from backend.text import strip_control

E = TypeVar("E", bound=enum.StrEnum)


def texts_of(form: FormData) -> dict[str, str]:
    """A form's texts by name, without control characters; line ends as ours."""
    return {
        name: strip_control(value.replace("\r\n", "\n")).strip()
        for name, value in form.items()
        if isinstance(value, str) and name != "csrf_token"
    }


def day_of(typed: str, problem: str) -> date | None:
    """A date input's day; None where it was left empty. Raises InvalidInput saying `problem`."""
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput(problem) from None


def uuid_of(typed: str, problem: str | None = None) -> UUID:
    """A choice's id. Raises InvalidInput saying `problem`."""
    found = known_uuid(typed)
    if found is None:
        raise InvalidInput(problem)
    return found


def known_uuid(typed: str) -> UUID | None:
    """An address's id; None for what is none."""
    try:
        return UUID(typed)
    except ValueError:
        return None


def choice(options: type[E], typed: str) -> E | None:
    """The value that `typed` names; None for any other word."""
    try:
        return options(typed)
    except ValueError:
        return None


def day_or_none(typed: str) -> date | None:
    """A filter's day; None for any other word."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def page_of(typed: str) -> int:
    """The number of a list's page; the first for any other word."""
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


async def keep_files(store: FileStore, uploads: list[UploadFile], most: int) -> list[StoredFile]:
    """Store what was chosen in a file input; nothing where it was left empty.

    Raises InvalidInput for more than `most`, and what `FileStore.keep` raises.
    """
    chosen = [upload for upload in uploads if upload.filename]
    if len(chosen) > most:
        raise InvalidInput(f"Adjunte {most} archivos como máximo.", field="files")
    return [await store.keep(upload) for upload in chosen]
