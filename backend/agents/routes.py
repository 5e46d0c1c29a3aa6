"""The accounts API: signing in and out, passwords, tokens, users, presence."""

from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from backend.agents import service, sessions
from backend.agents.auth import (
    COOKIE,
    AnyUser,
    CurrentAdmin,
    CurrentUser,
    authenticate,
    check_origin,
    confirm_password,
    delete_cookie,
    origin_of,
    owes_second_factor,
    set_cookie,
)
from backend.agents.errors import PasswordChangeRequired, SecondFactorRequired
from backend.agents.models import PresenceState
from backend.agents.schemas import (
    Credentials,
    NewUser,
    PasswordChange,
    PresenceChange,
    PresenceOut,
    SignedIn,
    TokenOut,
    UserChange,
    UserOut,
    UserWithPassword,
)
from backend.conversations import service as conversations
from backend.db import Tx
from backend.live import INBOX
from backend.wakeups import notify

router = APIRouter(prefix="/api", tags=["staff"])


@router.post("/auth/login")
async def login(request: Request, response: Response, tx: Tx, body: Credentials) -> SignedIn:
    """Sign in: sets the session cookie. `falta_codigo` says that the account's second factor is wanted too."""
    check_origin(request)
    user = await authenticate(request, body.username, body.password, body.code)
    opened = await sessions.sign_in(tx, user, origin_of(request))
    set_cookie(response, opened.token)
    return SignedIn(user=UserOut.model_validate(user), csrf_token=opened.csrf_token)


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(request: Request, tx: Tx, user: AnyUser) -> Response:
    """Sign out."""
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    token = request.cookies.get(COOKIE)
    if token:
        await sessions.close_session(tx, token)
        await service.set_presence(tx, user.id, PresenceState.OFFLINE)
    delete_cookie(response)
    return response


@router.post("/auth/password")
async def change_password(
    request: Request, response: Response, tx: Tx, user: AnyUser, body: PasswordChange
) -> SignedIn:
    """Change one's password; every other session ends."""
    await confirm_password(request, user, body.current)
    await sessions.change_password(tx, user, body.current, body.new)
    opened = await sessions.open_session(tx, user, origin_of(request))
    set_cookie(response, opened.token)
    return SignedIn(user=UserOut.model_validate(user), csrf_token=opened.csrf_token)


@router.post("/auth/tokens", status_code=status.HTTP_201_CREATED)
async def issue_token(request: Request, tx: Tx, body: Credentials) -> TokenOut:
    """A bearer token for a program, against user and password."""
    check_origin(request)
    user = await authenticate(request, body.username, body.password, body.code)
    if user.must_change_password:
        raise PasswordChangeRequired
    if owes_second_factor(request, user):
        raise SecondFactorRequired
    return TokenOut(token=await sessions.issue_token(tx, user, "api"))


@router.get("/auth/me")
async def me(user: AnyUser) -> UserOut:
    """Who I am."""
    return UserOut.model_validate(user)


@router.get("/users")
async def list_users(tx: Tx, user: CurrentAdmin) -> list[UserOut]:
    """Every account."""
    return [UserOut.model_validate(one) for one in await service.list_users(tx)]


@router.post("/users", status_code=status.HTTP_201_CREATED)
async def create_user(tx: Tx, user: CurrentAdmin, body: NewUser) -> UserWithPassword:
    """A new account with a one-time password."""
    created, one_time = await service.create_user(
        tx, username=body.username, full_name=body.full_name, role=body.role, agency_id=body.agency_id, by=user
    )
    await tx.refresh(created)
    return UserWithPassword(**UserOut.model_validate(created).model_dump(), one_time_password=one_time or "")


@router.patch("/users/{user_id}")
async def change_user(tx: Tx, user: CurrentAdmin, user_id: UUID, body: UserChange) -> UserOut:
    """Change an account's name or role, disable or enable it."""
    changed = await service.change_user(
        tx,
        user,
        user_id,
        full_name=body.full_name,
        role=body.role,
        agency_id=body.agency_id,
        is_active=body.is_active,
    )
    return UserOut.model_validate(changed)


@router.post("/users/{user_id}/reset-password")
async def reset_password(tx: Tx, user: CurrentAdmin, user_id: UUID) -> UserWithPassword:
    """A new one-time password; the account's sessions and tokens end."""
    changed = await service.get_user(tx, user_id)
    one_time = await service.reset_password(tx, changed, by=user)
    return UserWithPassword(**UserOut.model_validate(changed).model_dump(), one_time_password=one_time)


@router.post("/users/{user_id}/reset-second-factor")
async def reset_second_factor(tx: Tx, user: CurrentAdmin, user_id: UUID) -> UserOut:
    """Take away the second factor of who lost their telephone; the account's sessions and tokens end."""
    changed = await service.reset_second_factor(tx, user_id, by=user)
    return UserOut.model_validate(changed)


@router.get("/presence")
async def read_presence(tx: Tx, user: CurrentUser) -> PresenceOut:
    """Whether I take chats."""
    presence = await service.presence_of(tx, user.id)
    if presence is None:
        return PresenceOut(state=PresenceState.OFFLINE, capacity=service.DEFAULT_CAPACITY)
    return PresenceOut(state=presence.state, break_kind=presence.break_kind, capacity=presence.capacity)


@router.put("/presence")
async def change_presence(tx: Tx, user: CurrentUser, body: PresenceChange) -> PresenceOut:
    """Say whether I take chats; repeat it as a heartbeat while the console is open."""
    if await service.set_presence(tx, user.id, body.state, capacity=body.capacity, break_kind=body.break_kind):
        await conversations.assign_waiting(tx)
        await notify(tx, INBOX)
    presence = await service.presence_of(tx, user.id)
    assert presence is not None
    return PresenceOut(state=presence.state, break_kind=presence.break_kind, capacity=presence.capacity)
