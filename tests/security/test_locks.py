"""What we run on is what was locked: every package by hash, and none in a version known to be vulnerable."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
LOCKS = sorted([*ROOT.glob("requirements/*.txt"), ROOT / "bot/requirements.txt"])
FLOORS = ROOT / "requirements/floors.txt"
LOCKS.remove(FLOORS)
_FLOOR = re.compile(r"(\S+)\s+(\S+)\s+(CVE-\d{4}-\d+)(?:\s+accepted (\S+): \S.+)?")


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    hashes: int


@dataclass(frozen=True)
class Floor:
    name: str
    affected: SpecifierSet
    advisory: str
    accepted_in: str | None

    def is_of(self, pin: Pin) -> bool:
        return pin.name == self.name and self.affected.contains(pin.version, prereleases=True)


def pins(lock: Path) -> list[Pin]:
    """Every requirement of a lock; one that is no plain `name==version` fails."""
    found = []
    for entry in re.sub(r"\\\n", " ", lock.read_text()).splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        match = re.match(r"([a-z0-9._-]+)==(\S+)(?:\s|$)", entry)
        assert match is not None, f"{lock.name}: {entry[:80]}"
        found.append(Pin(match[1], match[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry))))
    return found


def floors() -> list[Floor]:
    found = []
    for line in FLOORS.read_text().splitlines():
        if line and not line.startswith("#"):
            match = _FLOOR.fullmatch(line)
            assert match is not None, line
            found.append(Floor(match[1], SpecifierSet(match[2]), match[3], match[4]))
    return found


@pytest.mark.parametrize(
    "lock", [one for one in LOCKS if one != FLOORS], ids=lambda lock: f"{lock.parent.name}/{lock.name}"
)
def test_every_package_is_pinned_by_hash_and_none_is_known_to_be_vulnerable(lock: Path) -> None:
    found, where = pins(lock), str(lock.relative_to(ROOT))
    assert len(found) >= 1
    assert [pin.name for pin in found if pin.hashes == 0] == []
    bad = [
        f"{pin.name} {pin.version}: {floor.advisory}"
        for pin in found
        for floor in floors()
        if pin.name == floor.name
        and floor.accepted_in != where
        and floor.affected.contains(pin.version, prereleases=True)
    ]
    assert not bad, f"{where}: {bad}"


def test_every_floor_is_of_a_package_that_we_have_and_every_acceptance_is_needed() -> None:
    locked = {str(lock.relative_to(ROOT)): pins(lock) for lock in LOCKS}
    names = {pin.name for found in locked.values() for pin in found}
    for floor in floors():
        assert floor.name in names, floor
        if floor.accepted_in is not None:
            assert any(map(floor.is_of, locked[floor.accepted_in])), f"not needed: {floor}"


def test_every_environment_is_made_with_hashes_required() -> None:
    """By `make` and by the images, wherever something is installed from a lock."""
    recipes = [ROOT / "Makefile", *ROOT.glob("deploy/**/*Dockerfile*")]
    lines = {f"{recipe.name}: {line.strip()}" for recipe in recipes for line in recipe.read_text().splitlines()}
    installing = {line for line in lines if re.search(r"pip (?:install|sync)\b", line)}
    assert {line.partition(":")[0] for line in installing} == {"Makefile", "bot.Dockerfile", "backend.Dockerfile"}
    assert {line for line in installing if "--require-hashes" not in line} == set()


def test_the_reading_of_locks_finds_what_it_is_for(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"jinja2==3.1.5 \\\n    --hash=sha256:{'a' * 64}\n    # via x\nidna==3.20\n")
    assert pins(lock) == [Pin("jinja2", "3.1.5", 1), Pin("idna", "3.20", 0)]
    lock.write_text("idna>=3\n")
    with pytest.raises(AssertionError):
        pins(lock)
