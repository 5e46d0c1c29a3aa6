"""What ties petitions to one another, and neighbours to a petition. Petitions themselves stay as they are."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base


class Merge(Base):
    """`merged_id` was the same as `kept_id`, until undone. Rows are kept: who joined what, and who took it back."""

    __tablename__ = "petition_merge"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    merged_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    kept_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), index=True)
    #: The petition that is followed in the end, where the kept one was itself merged later.
    root_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), index=True)
    #: The merged petition's citizen knows what the root's events say up to this one.
    told_through: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff_user.id"))
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_petition_merge_active", "merged_id", unique=True, postgresql_where=sql("undone_at IS NULL")),
    )


class Link(Base):
    """Two petitions that have to do with each other; the lesser id first, so that there is one row a pair."""

    __tablename__ = "petition_link"

    one_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True, index=True)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Group(Base):
    """Petitions about one problem, answered together."""

    __tablename__ = "petition_group"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(160))
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_user.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class GroupMember(Base):
    """A petition is in one group at most."""

    __tablename__ = "petition_group_member"

    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition_group.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Supporter(Base):
    """A neighbour who joined a petition instead of filing their own, with what they told.

    Without a conversation staff added them: they came in person, or called.
    """

    __tablename__ = "petition_supporter"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    #: In their own words; staff read it, nobody else.
    narrative: Mapped[str]
    told_through: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("petition_id", "conversation_id"),)


class SupporterNotice(Base):
    """A supporter was told of an event; `problem` says why they could not be. How it fares, its delivery tells."""

    __tablename__ = "petition_supporter_notice"

    supporter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition_supporter.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("petition_event.id"), primary_key=True)
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message.id"))
    problem: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SupportOffer(Base):
    """A draft's citizen was asked whether they join a petition. One a draft; `is_joined` is their answer."""

    __tablename__ = "petition_support_offer"

    draft_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition_draft.id"), primary_key=True)
    petition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("petition.id"))
    is_joined: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
