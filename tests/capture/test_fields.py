"""What holds of every field of the capture page."""

from collections import Counter

from backend.capture import fields
from backend.console import capture_texts
from backend.procedures.definitions import PROCEDURES
from backend.registry.models import PetitionKind


def test_no_two_questions_of_the_page_share_a_name() -> None:
    names = Counter(
        [*fields.LABELS]
        + [fields.channel_name(one.name) for asked in fields.CHANNEL_FIELDS.values() for one in asked]
        + [fields.procedure_name(one.name) for procedure in PROCEDURES.values() for one in procedure.fields]
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_every_kind_and_channel_has_its_word() -> None:
    assert set(capture_texts.KINDS) == set(PetitionKind)
    assert set(capture_texts.CHANNEL_TEXTS) == set(fields.CHANNELS)
    letters = [text[0] for text in capture_texts.CHANNEL_TEXTS.values()]
    assert len(set(letters)) == len(letters)
