"""What a webhook tells: which petition, what happened, how it stands. Nothing of any person."""

import json
from datetime import datetime
from typing import Any

from backend.catalog.models import Agency, Topic
from backend.registry.models import Petition, PetitionEvent, PetitionEventKind

#: What a test delivery is of.
TEST = "webhook.test"


def kind_of(event: PetitionEventKind) -> str:
    """`petition.filed`: an event's kind as other systems know it."""
    return f"petition.{event.value}"


def body(petition: Petition, event: PetitionEvent, agency: Agency | None, topic: Topic | None, base_url: str) -> str:
    """The JSON of an event. `status` is the petition's when this was made, `to_status` what the event made it."""
    return _json(
        kind_of(event.kind),
        event.at,
        {
            "event_id": event.id,
            "folio": petition.folio,
            "kind": petition.kind.value,
            "channel": petition.channel.value,
            "status": petition.status.value,
            "from_status": event.from_status.value if event.from_status else None,
            "to_status": event.to_status.value if event.to_status else None,
            "actor": event.actor.value,
            "agency": {"key": agency.key, "name": agency.short_name} if agency else None,
            "topic": topic.key if topic else None,
            "municipality_id": petition.municipality_id,
            "turn_id": str(event.turn_id) if event.turn_id else None,
            "due_on": petition.due_on.isoformat() if petition.due_on else None,
            "created_at": petition.created_at.isoformat(),
            "updated_at": petition.updated_at.isoformat(),
            "url": f"{base_url}/api/petitions/{petition.folio}",
            "page": f"{base_url}/consola/peticiones/{petition.folio}",
        },
    )


def test_body(moment: datetime, name: str) -> str:
    return _json(TEST, moment, {"message": "Prueba de Chat Sonora", "subscription": name})


def _json(kind: str, moment: datetime, data: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": moment.isoformat(), "data": data}, ensure_ascii=False)
