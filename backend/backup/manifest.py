"""What a backup holds, with the hashes and counts by which it is proved."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from backend.backup.errors import Damaged
from backend.settings import Settings

FORMAT = 1
#: The secrets without which what a backup holds cannot be read or proved; their fingerprints go with it.
KEYS = ("secret_key", "field_key")
#: Where the key of an older backup may be held after a rotation.
FORMER = ("field_key_previous",)


@dataclass(frozen=True)
class Table:
    """A table's rows, and a sum over them that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Entry:
    """A file of the archive."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """`taken_at` is the snapshot's moment: what was committed before it is here. `missing`: files that rows name."""

    taken_at: str
    version: str
    revision: str
    server: str
    keys: dict[str, str]
    tables: dict[str, Table] = field(default_factory=dict)
    dump: Entry = field(default_factory=lambda: Entry(0, ""))
    files: dict[str, Entry] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Raises Damaged where it is of a format that this version does not know."""
        told = json.loads(content)
        if told.get("format") != FORMAT:
            raise Damaged("El respaldo es de una versión más nueva de Chat Sonora. Restáurelo con esa versión.")
        tables = {name: Table(**table) for name, table in told.pop("tables").items()}
        files = {name: Entry(**entry) for name, entry in told.pop("files").items()}
        return cls(tables=tables, files=files, dump=Entry(**told.pop("dump")), **told)


def fingerprints(settings: Settings, names: Sequence[str] = KEYS) -> dict[str, str]:
    """What tells two keys apart and gives none away."""
    found = {}
    for name in names:
        secret = getattr(settings, name, None)
        if secret is not None:
            mac = hmac.new(secret.get_secret_value().encode(), b"chat-sonora backup fingerprint", hashlib.sha256)
            found[name] = mac.hexdigest()[:16]
    return found
