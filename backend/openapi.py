"""The OpenAPI document: as FastAPI makes it, and true of refusals too."""

from typing import Any

from fastapi import FastAPI

from backend.integrations.schemas import ErrorOut

_VALIDATION = "#/components/schemas/HTTPValidationError"
_REFUSAL = {
    "description": "Refused; `code` says why to programs, `message` to people.",
    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorOut.__name__}"}}},
}


class DocumentedApp(FastAPI):
    """The application. Every refusal is of one shape, whichever operation it is of (`backend.app`), and is so told."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = _with_refusals(super().openapi())
        return self.openapi_schema


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    for path, methods in document["paths"].items():
        if path.startswith("/open311/"):  # whose standard has a shape of its own, told there
            continue
        for operation in methods.values():
            responses = operation["responses"]
            if _VALIDATION in str(responses.get("422")):  # FastAPI's own, which we do not send
                del responses["422"]
            responses.setdefault("4XX", _REFUSAL)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document
