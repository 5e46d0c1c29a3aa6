"""Letters as answers: a draft that is looked at, a file that is taken away."""

from fastapi import Response

#: A PDF is shown by the browser's own viewer, which a sandbox would stop; it runs nothing of the document's.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def shown_pdf(content: bytes, name: str) -> Response:
    """A PDF to look at, kept nowhere."""
    headers = _HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


def download(content: bytes, name: str, content_type: str) -> Response:
    headers = _HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=content_type, headers=headers)
