"""TwiML as Twilio takes it: which verbs and attributes there are, and what they may hold.

After «TwiML for Programmable Voice» and the error dictionary. Twilio only warns (12200) of an attribute that it does
not know; here that is an error too, since it means that the product relies on what does not exist.
"""

import re
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

LONGEST = 64 * 1024
LONGEST_TEXT = 4096
_URL_ATTRIBUTES = {"action", "url", "statusCallback", "recordingStatusCallback"}
_SPOKEN = {"Say", "Play", "Pause"}
_ATTRIBUTES: dict[str, set[str]] = {
    "Say": {"voice", "language", "loop"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Gather": {"action", "method", "input", "timeout", "numDigits", "finishOnKey", "language", "hints",
               "speechTimeout", "actionOnEmptyResult"},
    "Record": {"action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim",
               "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent"},
    "Dial": {"action", "method", "timeout", "callerId", "record", "ringTone", "timeLimit", "answerOnBridge",
             "recordingStatusCallback", "recordingStatusCallbackMethod"},
    "Number": {"url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent", "sendDigits"},
    "Redirect": {"method"},
    "Hangup": set(),
    "Reject": {"reason"},
}  # fmt: skip
_CHILDREN = {"Gather": _SPOKEN, "Dial": {"Number"}}
_EVENTS = {"initiated", "ringing", "answered", "completed"}
_RING_TONES = {"at", "au", "br", "ca", "cl", "de", "es", "fr", "it", "mx", "uk", "us"}
_NUMBERS = {
    ("Gather", "timeout"): (0, 600), ("Gather", "numDigits"): (1, 999), ("Record", "maxLength"): (1, 14400),
    ("Record", "timeout"): (1, 600), ("Dial", "timeout"): (1, 600), ("Pause", "length"): (0, 600),
}  # fmt: skip


class BadTwiml(Exception):
    """What Twilio's debugger would say, by its code."""

    def __init__(self, code: int, problem: str) -> None:
        self.code, self.problem = code, problem
        super().__init__(f"{code}: {problem}")


def read(content: bytes, content_type: str) -> list[ET.Element]:
    """The verbs of a document, in order. Raises BadTwiml."""
    if content_type.partition(";")[0].strip() not in {"text/xml", "application/xml"}:
        raise BadTwiml(12300, f"invalid content type {content_type!r}")
    if len(content) > LONGEST:
        raise BadTwiml(11750, "a document of more than 64 kB")
    try:
        root = ET.fromstring(content)  # noqa: S314 - our own product's answer
    except ET.ParseError as error:
        raise BadTwiml(12100, f"not XML: {error}") from error
    if root.tag != "Response":
        raise BadTwiml(12102, "the root is not Response")
    for verb in root:
        if verb.tag == "Number":
            raise BadTwiml(12200, "Number outside Dial")
        _check(verb)
    return list(root)


def _check(element: ET.Element) -> None:
    if element.tag not in _ATTRIBUTES:
        raise BadTwiml(12200, f"no such verb: {element.tag}")
    unknown = set(element.attrib) - _ATTRIBUTES[element.tag]
    if unknown:
        raise BadTwiml(12200, f"{element.tag} has no {sorted(unknown)}")
    for name, value in element.attrib.items():
        _check_value(element.tag, name, value)
    _check_text(element)
    for child in element:
        if child.tag not in _CHILDREN.get(element.tag, set()):
            raise BadTwiml(12200, f"{child.tag} inside {element.tag}")
        _check(child)


def _check_value(verb: str, name: str, value: str) -> None:
    limits = _NUMBERS.get((verb, name))
    if limits is not None and not (value.isdigit() and limits[0] <= int(value) <= limits[1]):
        raise BadTwiml(12200, f"{verb} {name}={value!r}")
    if name in _URL_ATTRIBUTES and urlsplit(value).scheme not in {"http", "https"}:
        raise BadTwiml(11100, f"{verb} {name}={value!r} is no address")
    if name == "statusCallbackEvent" and not set(value.split()) <= _EVENTS:
        raise BadTwiml(21626, f"status events {value!r}")
    if name == "input" and not set(value.split()) <= {"dtmf", "speech"}:
        raise BadTwiml(13331, f"input {value!r}")
    if name == "ringTone" and value not in _RING_TONES:
        raise BadTwiml(12200, f"ring tone {value!r}")
    if name == "language" and not re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}", value):
        raise BadTwiml(13512, f"language {value!r}")


def _check_text(element: ET.Element) -> None:
    text = (element.text or "").strip()
    if element.tag == "Say" and not 0 < len(text) <= LONGEST_TEXT:
        raise BadTwiml(13520, "Say without text, or with more than 4,096 characters")
    if element.tag in {"Play", "Redirect"} and urlsplit(text).scheme not in {"http", "https"}:
        raise BadTwiml(11100, f"{element.tag} {text!r} is no address")
    if element.tag == "Number" and not re.fullmatch(r"\+[1-9]\d{7,14}", text):
        raise BadTwiml(13223, f"Dial: invalid phone number {text!r}")
    if element.tag == "Dial" and len(element) == 0:
        raise BadTwiml(13201, "Dial without a number")
