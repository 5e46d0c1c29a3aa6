"""What other slices may ask of the registry. See the modules for each promise."""

from backend.registry.drafts import (
    Answer,
    DraftView,
    Filed,
    answer,
    cancel_draft,
    clear_field,
    current_draft,
    file_draft,
    filed_since,
    move_draft,
    note_place,
    open_draft,
    restart_draft,
)
from backend.registry.lookups import (
    Lookup,
    LookupResult,
    StatusView,
    add_information,
    look_up,
    status_view,
    told_status,
)
from backend.registry.petitions import NewPetition, code_of, file

__all__ = [
    "Answer",
    "DraftView",
    "Filed",
    "Lookup",
    "LookupResult",
    "NewPetition",
    "StatusView",
    "add_information",
    "answer",
    "cancel_draft",
    "clear_field",
    "code_of",
    "current_draft",
    "file",
    "file_draft",
    "filed_since",
    "look_up",
    "move_draft",
    "note_place",
    "open_draft",
    "restart_draft",
    "status_view",
    "told_status",
]
