"""Subscriptions of other systems, the queue of events to tell them, and each delivery."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, enum_column


class DeliveryState(enum.StrEnum):
    PENDING = "pendiente"
    DELIVERED = "entregado"
    FAILED = "fallido"


class StopReason(enum.StrEnum):
    """Why the system itself switched a subscription off."""

    NO_ANSWER = "sin_respuesta"
    #: The receiver answered 410: it wants no more.
    GONE = "ya_no_existe"


class Subscription(Base):
    """An address that is told of petitions' events. `events` empty: all kinds. `sealed_secret`: see `sealing`."""

    __tablename__ = "webhook_subscription"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    sealed_secret: Mapped[bytes]
    events: Mapped[list[str]] = mapped_column(default=list)
    is_on: Mapped[bool] = mapped_column(default=True)
    #: Set while the system itself has switched it off and nobody has dealt with it.
    stopped: Mapped[StopReason | None] = mapped_column(enum_column(StopReason, "stopped"))
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PendingEvent(Base):
    """An event of a petition that subscriptions have not been given yet.

    A trigger on `petition_event` writes it in the event's own transaction while any subscription is on.
    """

    __tablename__ = "webhook_event"

    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("petition_event.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class Delivery(Base):
    """One event for one subscription; without `event_id`, a test. `body` is what is signed and sent, each time."""

    __tablename__ = "webhook_delivery"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    subscription_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook_subscription.id"))
    event_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("petition_event.id", ondelete="CASCADE"), index=True
    )
    #: The event's kind, as the body's `type` has it.
    kind: Mapped[str] = mapped_column(String(60))
    folio: Mapped[str] = mapped_column(String(20), default="")
    body: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState, "state"), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    #: When it is tried next; a claim moves it ahead, so that a sender that died is taken over.
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    #: The first attempt of this round; three days on, it is given up.
    round_started_at: Mapped[datetime | None]
    round_attempts: Mapped[int] = mapped_column(default=0)
    last_attempt_at: Mapped[datetime | None]
    response_code: Mapped[int | None]
    #: What went wrong before there was a code: an exception's or a refusal's name.
    problem: Mapped[str] = mapped_column(String(60), default="")
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("subscription_id", "event_id"),
        Index("ix_webhook_delivery_due", "subscription_id", "due_at", postgresql_where=sql("state = 'pendiente'")),
        Index("ix_webhook_delivery_latest", "subscription_id", "created_at"),
    )
