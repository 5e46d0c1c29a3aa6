"""Every table, in one place, for Alembic and the test that compares models with migrations."""

from backend.agents import models as agents
from backend.arco import models as arco
from backend.audit import models as audit
from backend.board import models as board
from backend.calls.cdr import models as cdr
from backend.capture import models as capture
from backend.catalog import models as catalog
from backend.contacts import models as contacts
from backend.conversations import models as conversations
from backend.db import Base
from backend.dossier import models as dossier
from backend.imports import models as imports
from backend.integrations import models as integrations
from backend.internal_api import models as internal_api
from backend.learning import models as learning
from backend.ledger import models as ledger
from backend.letters import models as letters
from backend.mail import models as mail
from backend.messaging import models as messaging
from backend.notices import models as notices
from backend.outbox import models as outbox
from backend.outreach import models as outreach
from backend.procedures import models as procedures
from backend.quarterly import models as quarterly
from backend.registry import models as registry
from backend.related import models as related
from backend.retention import models as retention
from backend.staffing import models as staffing
from backend.subscriptions import models as subscriptions
from backend.suggestions import models as suggestions
from backend.telephony import models as telephony
from backend.transparency import models as transparency
from backend.turns import models as turns
from backend.vault import models as vault
from backend.workspace import models as workspace

metadata = Base.metadata

__all__ = [
    "agents",
    "arco",
    "audit",
    "board",
    "capture",
    "catalog",
    "cdr",
    "contacts",
    "conversations",
    "dossier",
    "imports",
    "integrations",
    "internal_api",
    "learning",
    "ledger",
    "letters",
    "mail",
    "messaging",
    "metadata",
    "notices",
    "outbox",
    "outreach",
    "procedures",
    "quarterly",
    "registry",
    "related",
    "retention",
    "staffing",
    "subscriptions",
    "suggestions",
    "telephony",
    "transparency",
    "turns",
    "vault",
    "workspace",
]
