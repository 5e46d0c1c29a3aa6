"""Setting a telephone number up: its credentials are proved at Twilio with no transaction open."""

from uuid import UUID

from backend.agents.models import User
from backend.db import Database
from backend.errors import NotFound
from backend.messaging import accounts
from backend.messaging.errors import VendorRefused
from backend.messaging.meanings import meaning_of
from backend.messaging.setup import note
from backend.telephony.lines import Lines, account_of
from channels.port import ChannelRefused


async def check(database: Database, lines: Lines, user: User, account_id: UUID) -> str:
    """Prove the credentials; the account's name at Twilio. Raises NotFound, VendorRefused."""
    async with database.transaction() as session:
        account = await account_of(session, account_id)
    if account is None:
        raise NotFound("No existe esa cuenta.")
    line = await lines.open(account)
    if line is None:
        raise VendorRefused(meaning_of("credentials_unreadable").what + " Captúrelas de nuevo.")
    try:
        name = await line.check()
    except ChannelRefused as refused:
        await note(database, user, account_id, "channel_checked", problem=refused.code)
        raise VendorRefused(refused.text, reason=refused.code) from refused
    await note(database, user, account_id, "channel_checked", problem=None)
    return name


async def switch_on(database: Database, lines: Lines, user: User, account_id: UUID) -> None:
    """Switch a number on once its credentials are proved. Raises NotFound, VendorRefused.

    Twilio that is down is no reason: the number may be wanted for when it is back.
    """
    try:
        await check(database, lines, user, account_id)
    except VendorRefused as refused:
        if refused.details.get("reason") != "unreachable":
            raise
    async with database.transaction() as session:
        await accounts.switch(session, user, account_id, is_on=True)
