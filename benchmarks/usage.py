"""What processes use: seconds of the processor, and memory; and how many processors they may use."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_MEGABYTE = 1024 * 1024


def postgres_of(data_folder: Path) -> psutil.Process:
    """The embedded server whose data are in `data_folder`."""
    return psutil.Process(int((data_folder / "postmaster.pid").read_text().splitlines()[0]))


def _with_children(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found += [process, *process.children(recursive=True)]
    return found


def cpu_seconds(parts: Mapping[str, Iterable[psutil.Process]]) -> dict[str, float]:
    """What each part's processes have used so far, those of its children that have ended among it."""
    used: dict[str, float] = {}
    for name, processes in parts.items():
        total = 0.0
        for process in _with_children(processes):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        used[name] = total
    return used


def megabytes(parts: Mapping[str, Iterable[psutil.Process]]) -> dict[str, float]:
    """What each part holds for itself, and its share of what it holds with others (PSS)."""
    held: dict[str, float] = {}
    for name, processes in parts.items():
        total = 0
        for process in _with_children(processes):
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        held[name] = total / _MEGABYTE
    return held


@contextmanager
def on_one_processor(parts: Mapping[str, Iterable[psutil.Process]]) -> Iterator[None]:
    """Everything on one of this machine's processors, and the benchmark itself, until the end of the block."""
    processes = [psutil.Process(), *(process for each in parts.values() for process in each)]
    all_of_them = os.sched_getaffinity(0)
    _allow(processes, {min(all_of_them)})
    try:
        yield
    finally:
        _allow(processes, all_of_them)


def _allow(processes: Iterable[psutil.Process], processors: set[int]) -> None:
    """Each thread has its own; what it starts from now on has the same."""
    for process in _with_children(processes):
        with suppress(psutil.NoSuchProcess):
            for thread in process.threads():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread.id, processors)
