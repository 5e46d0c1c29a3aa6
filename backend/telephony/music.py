"""Music to wait by: a quiet tune of our own, reckoned once, so that nobody's rights are at stake."""

import array
import io
import math
import wave
from functools import cache

RATE = 8000
_BEAT = 0.6
#: Broken chords of C, A minor, F and G, in semitones from middle C.
_CHORDS = ((0, 4, 7, 12), (-3, 0, 4, 9), (-7, -3, 0, 5), (-5, -1, 2, 7))
_PATTERN = (0, 1, 2, 3, 2, 1)
_LOUDNESS = 5000
_MIDDLE_C = 261.63


@cache
def wav() -> bytes:
    """About fifteen seconds as WAV: one channel, 8 kHz, 16 bits, as telephones have it."""
    samples = array.array("h")
    for chord in _CHORDS:
        for place in _PATTERN:
            samples.extend(_note(_MIDDLE_C * 2 ** (chord[place] / 12)))
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(samples.tobytes())
    return file.getvalue()


def _note(pitch: float) -> list[int]:
    """A plucked note that dies away."""
    count = int(RATE * _BEAT)
    return [
        int(_LOUDNESS * math.exp(-3 * at / count) * math.sin(2 * math.pi * pitch * at / RATE)) for at in range(count)
    ]
