"""Roles, apart from the tables: settings name them, in processes that open no database."""

import enum


class Role(enum.StrEnum):
    """What a person may do; each of the last three, the desk's, may do all that the ones before it may.

    LIAISON is no role of the office: an agency's enlace, who sees only what was turned to their agency.
    AUDITOR reads the audit trail and the requests for information, and nothing else.
    """

    LIAISON = "liaison"
    AUDITOR = "auditor"
    ANALYST = "analyst"
    HEAD = "head"
    ADMIN = "admin"


#: Who attends citizens: takes chats, calls and petitions.
DESK_ROLES = (Role.ANALYST, Role.HEAD, Role.ADMIN)
