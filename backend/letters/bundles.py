"""Many letters as one file: to be kept, and to be printed."""

import asyncio
import io
import zipfile
from collections.abc import Sequence

from pypdf import PdfWriter

from backend.conversations.files import FileStore
from backend.letters.service import LetterFiles


async def archive(files: FileStore, letters: Sequence[LetterFiles]) -> bytes:
    """A ZIP with the PDF and the DOCX of each letter."""

    def pack() -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for one in letters:
                for stored in (one.pdf, one.docx):
                    packed.write(files.path(stored.sha256), stored.file_name)
        return target.getvalue()

    return await asyncio.to_thread(pack)


async def print_run(files: FileStore, letters: Sequence[LetterFiles]) -> bytes:
    """One PDF with all letters in their order, each under its number in the list of contents."""

    def join() -> bytes:
        target = io.BytesIO()
        with PdfWriter() as joined:
            for one in letters:
                joined.append(files.path(one.pdf.sha256), outline_item=one.letter.reference)
            joined.compress_identical_objects()  # each letter brings the typeface along
            joined.write(target)
        return target.getvalue()

    return await asyncio.to_thread(join)
