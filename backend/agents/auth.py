"""Who calls: permissions as annotated types, so that a route's signature says who may.

A browser shows its session in the `__Host-session` cookie and proves, on whatever changes
something, that the page is ours (Origin) and the session's (CSRF token). A program shows
a bearer token, which no browser sends by itself.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.agents import sessions
from backend.agents.errors import (
    CsrfRefused,
    PasswordChangeRequired,
    SecondFactorNeeded,
    SecondFactorRequired,
    WrongCode,
    WrongCredentials,
)
from backend.agents.models import Role, Scope, User
from backend.agents.sessions import Origin
from backend.db import Database, Tx
from backend.errors import Forbidden, NotFound, Unauthenticated
from backend.settings import Settings

COOKIE = "__Host-session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_THEIRS = "La contraseña no es correcta. Después de 5 intentos fallidos la cuenta se bloquea 15 minutos."
_RANK = {Role.ANALYST: 0, Role.HEAD: 1, Role.ADMIN: 2}

_cookie = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="StaffSession")
_bearer = HTTPBearer(
    auto_error=False, scheme_name="StaffToken", description="A token of POST /api/auth/tokens, or an integration's."
)


async def _any_user(
    request: Request,
    tx: Tx,
    cookie: Annotated[str | None, Depends(_cookie)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> User:
    """The caller, even if their password must be changed first, and even another system: routes ask for less."""
    if credentials is not None:
        return await of_token(request, tx, credentials.credentials)
    found = await sessions.find_session(tx, cookie) if cookie else None
    if found is None:
        raise Unauthenticated
    staff_session, user = found
    request.state.csrf_token = staff_session.csrf_token
    if request.method not in _SAFE:
        check_origin(request)
        await _check_csrf(request, staff_session.csrf_token)
    return user


async def of_token(request: Request, tx: AsyncSession, token: str) -> User:
    """In whose name a program's token acts; what it opens is noted on the request. Raises Unauthenticated."""
    found = await sessions.find_by_token(tx, token)
    if found is None:
        raise Unauthenticated
    staff_token, user = found
    request.state.is_program = True
    request.state.scopes = None if staff_token.scopes is None else frozenset(map(Scope, staff_token.scopes))
    return user


def check_origin(request: Request) -> None:
    """Refuse what another site's page sent. Raises CsrfRefused."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    settings: Settings = request.app.state.settings
    ours = {urlsplit(settings.base_url).netloc, request.headers.get("host", "")}
    if urlsplit(origin).netloc not in ours - {""}:
        raise CsrfRefused


async def _check_csrf(request: Request, expected: str) -> None:
    given = request.headers.get("x-csrf-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        value = (await request.form()).get("csrf_token")
        given = value if isinstance(value, str) else None
    if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CsrfRefused


#: One thing that is asked of who is signed in. Raises what they are told.
Check = Callable[[Request, User], None]


def _is_no_system(request: Request, _: User) -> None:
    # Another system's token opens the integration API alone, whatever routes there come to be.
    if getattr(request.state, "scopes", None) is not None:
        raise Forbidden


def _is_no_program(request: Request, _: User) -> None:
    # An account's secrets are its person's, at a browser: no program's token comes near them.
    if getattr(request.state, "is_program", False):
        raise Forbidden


def _has_own_password(request: Request, user: User) -> None:
    # A program's token was issued on purpose; the one-time password is the browser's business.
    if user.must_change_password and not getattr(request.state, "is_program", False):
        raise PasswordChangeRequired


def _has_second_factor(request: Request, user: User) -> None:
    if owes_second_factor(request, user) and not getattr(request.state, "is_program", False):
        raise SecondFactorRequired


def owes_second_factor(request: Request, user: User) -> bool:
    """Whether the office asks a second factor of this role and the account has none yet."""
    settings: Settings = request.app.state.settings
    return user.second_factor_since is None and user.role in settings.second_factor_required_for


def _is_no_liaison(_: Request, user: User) -> None:
    # To another agency's liaison nothing of the office exists, so that no answer tells which folios do.
    if user.role is Role.LIAISON:
        raise NotFound


def _is_liaison(_: Request, user: User) -> None:
    if user.role is not Role.LIAISON:
        raise NotFound


def _is_no_auditor(_: Request, user: User) -> None:
    if user.role is Role.AUDITOR:
        raise Forbidden


def _oversees(_: Request, user: User) -> None:
    if user.role not in (Role.AUDITOR, Role.HEAD, Role.ADMIN):
        raise Forbidden


def _at_least(role: Role) -> Check:
    def check(_: Request, user: User) -> None:
        if _RANK[user.role] < _RANK[role]:
            raise Forbidden

    return check


# What is asked of whom, in the order in which it is told.
_ACCOUNT: tuple[Check, ...] = (_is_no_system,)
_ACCOUNT_OWNER: tuple[Check, ...] = (_has_own_password, _is_no_program)
_SETTLED: tuple[Check, ...] = (_has_own_password, _has_second_factor)
_PERSON = (*_SETTLED, _is_no_system)
_LIAISON = (*_PERSON, _is_liaison)
_READER = (*_PERSON, _is_no_liaison)
_OVERSEER = (*_READER, _oversees)
_STAFF = (*_READER, _is_no_auditor)
_HEAD = (*_STAFF, _at_least(Role.HEAD))
_ADMIN = (*_STAFF, _at_least(Role.ADMIN))


def _asked(checks: tuple[Check, ...]) -> object:
    async def check(request: Request, user: Annotated[User, Depends(_any_user)]) -> User:
        return _passed(request, user, checks)

    return Depends(check)


def _passed(request: Request, user: User, checks: tuple[Check, ...]) -> User:
    for check in checks:
        check(request, user)
    return user


async def staff_of(request: Request, session: AsyncSession) -> User:
    """Whom `CurrentUser` lets in, for what asks again while it lasts. Raises as it does."""
    user = await _any_user(request, session, await _cookie(request), await _bearer(request))
    return _passed(request, user, _STAFF)


async def head_of(request: Request, session: AsyncSession) -> User:
    """Whom `CurrentHead` lets in by their cookie, for what asks again while it lasts. Raises as it does."""
    return _passed(request, await _any_user(request, session, await _cookie(request), None), _HEAD)


@dataclass(frozen=True)
class Caller:
    """Who calls the integration API: another system by its token's scopes, or staff, to whom all of it is open."""

    user: User
    scopes: frozenset[Scope]

    @property
    def sees_persons(self) -> bool:
        return Scope.PERSONS in self.scopes


def caller_of(request: Request, user: User, scope: Scope) -> Caller:
    """`user` as a caller who needs `scope`. Raises Forbidden; NotFound for a liaison, to whom none of it exists."""
    scopes: frozenset[Scope] | None = getattr(request.state, "scopes", None)
    if scopes is None and user.role is Role.LIAISON:
        raise NotFound
    if scopes is None and user.role is Role.AUDITOR:
        raise Forbidden
    if scopes is not None and scope not in scopes:
        raise Forbidden("Esta llave no tiene permiso para eso.", scope=scope.value)
    return Caller(user, frozenset(Scope) if scopes is None else scopes)


def _with_scope(scope: Scope) -> object:
    async def check(request: Request, user: Annotated[User, _asked(_SETTLED)]) -> Caller:
        return caller_of(request, user, scope)

    return Depends(check)


def origin_of(request: Request) -> Origin:
    """Whence the request comes, for the trail and for the list of one's sessions."""
    return Origin(request.client.host if request.client else None, request.headers.get("user-agent"))


async def check_password(request: Request, username: str, password: str) -> User:
    """The account of these credentials, which may still owe its code.

    A failure is counted and committed before it is told. Raises WrongCredentials.
    """
    database: Database = request.app.state.database
    async with database.transaction() as session:
        user = await sessions.authenticate(session, username, password, origin_of(request))
    if user is None:
        raise WrongCredentials
    return user


async def confirm_password(request: Request, user: User, password: str) -> None:
    """Of who is signed in, before something grave; a failure is counted and committed. Raises WrongCredentials."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        is_right = await sessions.confirm_password(session, user, password, origin_of(request))
    if not is_right:
        raise WrongCredentials(_NOT_THEIRS)


async def check_code(request: Request, user: User, code: str) -> User:
    """The account with its second factor shown; a failure is counted and committed. Raises WrongCode."""
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    async with database.transaction() as session:
        found = await sessions.check_code(session, user.id, settings.key, code, origin_of(request))
    if found is None:
        raise WrongCode
    return found


async def authenticate(request: Request, username: str, password: str, code: str | None) -> User:
    """The account of all that is asked for at once, as programs do. Raises as both, or SecondFactorNeeded."""
    user = await check_password(request, username, password)
    if user.second_factor_since is None:
        return user
    if not code:
        raise SecondFactorNeeded
    return await check_code(request, user, code)


def set_cookie(response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.SESSION_IDLE.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def delete_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


#: Signed in, perhaps with a one-time password still to be changed.
AnyUser = Annotated[User, _asked(_ACCOUNT)]
#: At a browser, signed in with a password of their own, perhaps without the second factor that their role asks for.
AccountOwner = Annotated[User, _asked(_ACCOUNT_OWNER)]
#: Signed in with all that their role asks for: staff, or a liaison, whom the route must tell apart.
SettledUser = Annotated[User, _asked(_PERSON)]
#: Any member of the office's staff; to an agency's liaison its pages do not exist.
CurrentUser = Annotated[User, _asked(_STAFF)]
#: Who reads the audit trail: an auditor, the head, an administrator.
CurrentOverseer = Annotated[User, _asked(_OVERSEER)]
#: Staff or an auditor, whom the route must tell apart.
CurrentReader = Annotated[User, _asked(_READER)]
#: An agency's liaison, whose `agency_id` is set, and nobody else.
CurrentLiaison = Annotated[User, _asked(_LIAISON)]
#: The head of department, or an administrator.
CurrentHead = Annotated[User, _asked(_HEAD)]
CurrentAdmin = Annotated[User, _asked(_ADMIN)]
#: Whoever may read, or change, petitions by the integration API.
ApiReader = Annotated[Caller, _with_scope(Scope.READ)]
ApiWriter = Annotated[Caller, _with_scope(Scope.WRITE)]
