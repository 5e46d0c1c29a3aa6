"""How often a folio's code may be tried: at one folio, whoever tries and whichever way they ask.

A telephone's keys have limits of their own (`backend.telephony.keypad`), as there a code is shorter.
"""

from backend.limits import RateLimiter

#: Attempts in `WINDOW_MINUTES`, right ones too.
PER_FOLIO = 10
WINDOW_MINUTES = 15
_SUBJECT = "folio-code"


async def count(limiter: RateLimiter, folio: str) -> None:
    """Count an attempt before it is looked at. Raises TooManyRequests, whether or not there is such a folio."""
    await limiter.allow(_SUBJECT, folio, PER_FOLIO, minutes=WINDOW_MINUTES)


async def forget(limiter: RateLimiter, folio: str) -> None:
    """The right code was given: what was counted at its folio is no attack."""
    await limiter.forget(_SUBJECT, folio, PER_FOLIO, minutes=WINDOW_MINUTES)
