"""The classifier in a process of its own, which is there while there is something to read: `ClassifierProcess`.

Learning takes a processor for seconds, and what was learned takes memory: neither is the worker's, which has turns to
advance. The process is told by lines of JSON and answers each by one; it ends with its input, so with the worker too.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.suggestions.shapes import Example, Guess

ROOT = Path(__file__).resolve().parents[2]
#: The longest answer: the guesses for a batch of narratives.
_LONGEST_LINE = 1 << 24
_END_SECONDS = 10.0
#: Learning takes some of them; whatever takes so many hangs.
_ANSWER_SECONDS = 600.0
#: Turns go first.
_NICE = 10


class ClassifierLost(Exception):
    """The process is gone or does not answer, and what it had learned is lost with it."""


class ClassifierProcess:
    """Learns, then reads. One call at a time."""

    def __init__(self, process: asyncio.subprocess.Process, version: str = "") -> None:
        self._process = process
        #: Names the examples that it learned from.
        self.version = version

    @classmethod
    async def learned(cls, examples: Sequence[Example]) -> "ClassifierProcess":
        """A new one, which has learned these. Raises ClassifierLost."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "backend.suggestions.apart",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        started = cls(process)
        try:
            started.version = await started._ask([asdict(one) for one in examples])
        except BaseException:
            await started.end()
            raise
        return started

    async def rank(self, narratives: Sequence[str]) -> list[list[Guess]]:
        """Of each narrative the likeliest topics, the likeliest first. Raises ClassifierLost."""
        ranked = await self._ask(list(narratives))
        return [[Guess(one["topic"], one["confidence"], tuple(one["words"])) for one in guesses] for guesses in ranked]

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _ask(self, told: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self._process.stdin.write(json.dumps(told).encode() + b"\n")
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
        except OSError as error:  # a TimeoutError is one too
            raise ClassifierLost from error
        if not line:
            raise ClassifierLost
        return json.loads(line)


def main() -> None:
    """The process itself: the examples on its first line of input, a batch of narratives on each one after."""
    from backend.suggestions.classifier import Classifier  # here: whoever starts the process loads none of it

    os.nice(_NICE)
    classifier = Classifier.train([Example(**one) for one in json.loads(sys.stdin.readline())])
    _tell(classifier.version)
    for line in sys.stdin:
        _tell([[asdict(guess) for guess in classifier.rank(narrative)] for narrative in json.loads(line)])


def _tell(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
