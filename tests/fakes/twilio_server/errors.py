"""Twilio's errors: what the API answers at once, and what a message fails with afterwards.

Codes after the vendor's error dictionary; the texts are near the vendor's own.
"""

from fastapi.responses import JSONResponse

MORE_INFO = "https://www.twilio.com/docs/errors/{}"

#: code -> (HTTP status, message); `{}` is filled with what was wrong.
AT_ONCE: dict[int, tuple[int, str]] = {
    20001: (400, "{}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21205: (400, "Url is not a valid URL: {}"),
    21210: (400, "The source phone number provided, {}, is not yet verified for your account."),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number."),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21619: (400, "A text message body or media urls must be specified."),
    21654: (400, "ContentSid Required"),
    21655: (400, "The ContentSid Parameter is invalid"),
    21656: (400, "The Content Variables parameter is invalid."),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}

#: code -> message of a message that failed after it was accepted.
AFTERWARDS: dict[int, str] = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    63003: "Channel could not find To address",
    63005: "Channel did not accept given content. Please visit Twilio docs for more information.",
    63013: "This message send failed because it violates Channel provider's policy.",
    63016: "Failed to send freeform message because you are outside the allowed window. "
    "If you are using WhatsApp, please use a Message Template.",
    63018: "Rate limit exceeded for Channel",
    63019: "Media failed to download",
    63021: "Channel invalid content error",
    63024: "Invalid message recipient",
}


class TwilioError(Exception):
    """A request that Twilio refuses."""

    def __init__(self, code: int, subject: str = "") -> None:
        self.code = code
        self.status, text = AT_ONCE[code]
        self.text = text.format(subject)
        super().__init__(f"{code}: {self.text}")


def answer(error: TwilioError) -> JSONResponse:
    body = {
        "code": error.code,
        "message": error.text,
        "more_info": MORE_INFO.format(error.code),
        "status": error.status,
    }
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if error.status == 401 else {}
    return JSONResponse(body, status_code=error.status, headers=headers)


def answer_status(status: int) -> JSONResponse:
    """The body Twilio gives a bare HTTP status: 429 and what failed on its side."""
    code = {429: 20429, 401: 20003, 503: 20503}.get(status, 20500)
    error = TwilioError(code)
    error.status = status
    return answer(error)
