"""Every table, in one place, for Alembic and the test that compares models with migrations."""

from backend.agents import models as agents
from backend.catalog import models as catalog
from backend.conversations import models as conversations
from backend.db import Base
from backend.internal_api import models as internal_api
from backend.learning import models as learning
from backend.outbox import models as outbox
from backend.registry import models as registry

metadata = Base.metadata

__all__ = ["agents", "catalog", "conversations", "internal_api", "learning", "metadata", "outbox", "registry"]
