"""The folder of backups: their names, the newest, and how long each stays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"chat-sonora-(\d{8}T\d{6}Z)\.backup")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Kept:
    path: Path
    made_at: datetime


def name_at(moment: datetime) -> str:
    return f"chat-sonora-{moment.astimezone(UTC).strftime(_STAMP)}.backup"


def kept(folder: Path) -> Sequence[Kept]:
    """Every whole backup of a folder, the oldest first; what is still being written has another name."""
    if not folder.is_dir():
        return []
    named = ((path, _NAME.fullmatch(path.name)) for path in folder.iterdir())
    found = [Kept(path, datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)) for path, match in named if match]
    return sorted(found, key=lambda one: one.made_at)


def newest(folder: Path) -> Kept | None:
    found = kept(folder)
    return found[-1] if found else None


def let_go(folder: Path, keep: int) -> Sequence[Path]:
    """Delete all but the newest `keep`; which ones went. Nothing that we did not name ourselves is touched."""
    gone = [one.path for one in kept(folder)[:-keep]]
    for path in gone:
        path.unlink()
    return gone
