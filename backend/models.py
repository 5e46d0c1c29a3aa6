"""Every table, in one place, for Alembic and the test that compares models with migrations."""

from backend.agents import models as agents
from backend.audit import models as audit
from backend.catalog import models as catalog
from backend.contacts import models as contacts
from backend.conversations import models as conversations
from backend.db import Base
from backend.integrations import models as integrations
from backend.internal_api import models as internal_api
from backend.learning import models as learning
from backend.messaging import models as messaging
from backend.notices import models as notices
from backend.outbox import models as outbox
from backend.registry import models as registry
from backend.subscriptions import models as subscriptions
from backend.turns import models as turns

metadata = Base.metadata

__all__ = [
    "agents",
    "audit",
    "catalog",
    "contacts",
    "conversations",
    "integrations",
    "internal_api",
    "learning",
    "messaging",
    "metadata",
    "notices",
    "outbox",
    "registry",
    "subscriptions",
    "turns",
]
