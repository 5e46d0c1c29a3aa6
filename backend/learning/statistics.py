"""Shares told honestly: with how much the count lets one say."""

import math
from dataclasses import dataclass
from statistics import NormalDist

#: Under this many cases a share is not told at all.
ENOUGH = 30
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with its 95% interval after Wilson (1927)."""

    count: int
    total: int

    @property
    def is_enough(self) -> bool:
        return self.total >= ENOUGH

    @property
    def value(self) -> float:
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and the upper bound; all is possible of nothing."""
        if not self.total:
            return 0.0, 1.0
        square = _Z * _Z
        centre = (self.count + square / 2) / (self.total + square)
        spread = self.value * (1 - self.value) / self.total + square / (4 * self.total * self.total)
        half = _Z * math.sqrt(spread) / (1 + square / self.total)
        return max(0.0, centre - half), min(1.0, centre + half)
