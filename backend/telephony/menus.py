"""What a caller may do by themselves: hear how a folio goes, the hours, and choose where to go on."""

from collections.abc import Sequence

from backend.catalog import office
from backend.telephony import book, keypad, log, wording
from backend.telephony.keypad import Result
from backend.telephony.models import EventKind
from backend.telephony.turn import Turn, step
from channels.twiml import Ask, Goto, HangUp, Say, Step

#: Menus told to somebody who presses nothing, before they are taken to a person: not every telephone has keys.
_MENUS = 2
#: Wrong codes in one call.
_TRIES = 3
#: A line that is busy telling menus is not for an hour.
_MOST_MENUS = 12


@step("entrada")
async def come_in(turn: Turn) -> Sequence[Step]:
    """A call comes in."""
    call = await turn.call()
    await book.keep(turn.session, call, EventKind.BEGUN, raw=turn.told.form)
    if not turn.account.is_on:
        return [Say(wording.NOT_NOW), HangUp()]
    greeting = f"{turn.line.greeting} {wording.EMERGENCY}"
    if turn.line.records_talks:
        greeting += f" {wording.MAY_BE_RECORDED}"
    return [Say(greeting), Goto(turn.to("menu") if turn.line.has_menus else turn.to("fila"))]


@step("menu")
async def menu(turn: Turn) -> Sequence[Step]:
    told = int(turn.query.get("vez", "1"))
    if told > _MOST_MENUS:
        return [Say(wording.GOODBYE), HangUp()]
    silent = int(turn.query.get("callado", "0"))
    onwards = turn.to("fila") if silent + 1 >= _MENUS else turn.to("menu", callado=str(silent + 1), vez=str(told + 1))
    return [_ask_option(turn, [Say(wording.MENU)], told), Goto(onwards)]


def _ask_option(turn: Turn, prompts: Sequence[Say], told: int) -> Ask:
    hears = wording.HINTS if turn.line.hears_speech else ()
    return Ask(turn.to("opcion", vez=str(told)), prompts, digits=1, hears=hears)


def _to_menu(turn: Turn) -> Goto:
    return Goto(turn.to("menu", vez=str(int(turn.query.get("vez", "1")) + 1)))


@step("opcion")
async def choose(turn: Turn) -> Sequence[Step]:
    match turn.told.digits or wording.key_of(turn.told.speech):
        case "1":
            return _ask_folio(turn, 0)
        case "2":
            return await _hours(turn)
        case "3":
            return [Goto(turn.to("mensaje"))]
        case "4" | "0":
            return [Goto(turn.to("fila"))]
        case _:
            return [Say(wording.NOT_AN_OPTION), _to_menu(turn)]


async def _hours(turn: Turn) -> Sequence[Step]:
    schedule = await office.load(turn.session)
    await book.keep(
        turn.session, await turn.call(), EventKind.SERVED, log.HOURS_TOLD, detail={"asunto": log.HOURS_TOLD}
    )
    return [Say(wording.hours(schedule, turn.line.address)), _afterwards(turn), HangUp()]


def _afterwards(turn: Turn) -> Ask:
    return Ask(turn.to("despues", vez=turn.query.get("vez", "1")), [Say(wording.AFTER_TOLD)], digits=1)


@step("despues")
async def after_told(turn: Turn) -> Sequence[Step]:
    match turn.told.digits:
        case "1":
            return [_to_menu(turn)]
        case "4" | "0":
            return [Goto(turn.to("fila"))]
        case _:
            return [Say(wording.GOODBYE), HangUp()]


def _ask_folio(turn: Turn, wrong: int, *before: Say) -> Sequence[Step]:
    prompts = [*before, Say(wording.ASK_FOLIO)]
    return [Ask(turn.to("folio", errores=str(wrong)), prompts, seconds=10), _to_menu(turn)]


@step("folio")
async def folio(turn: Turn) -> Sequence[Step]:
    """The folio is typed: its code is asked for, whether there is such a folio or not."""
    wrong = int(turn.query.get("errores", "0"))
    typed = keypad.folio_of(turn.told.digits)
    if typed is None:
        return _again(turn, wrong + 1, wording.FOLIO_UNREADABLE)
    asks = turn.to("clave", errores=str(wrong), folio=f"{typed[0]}{typed[1]:06d}")
    return [Ask(asks, [Say(wording.ASK_CODE)], digits=8, seconds=12), _to_menu(turn)]


@step("clave")
async def code(turn: Turn) -> Sequence[Step]:
    wrong = int(turn.query.get("errores", "0"))
    asked = keypad.folio_of(turn.query.get("folio", ""))
    if asked is None:
        return _again(turn, wrong + 1, wording.FOLIO_UNREADABLE)
    call = await turn.call()
    found = await keypad.look_up(
        turn.session, caller=call.phone, folio=asked, code=turn.told.digits, secret=turn.secret
    )
    if found.result is Result.BLOCKED:
        return [Say(wording.TOO_MANY_GUESSES), _afterwards(turn), HangUp()]
    if found.petition is None:
        return _again(turn, wrong + 1, wording.WRONG)
    call.petition_id = found.petition.id
    await book.keep(
        turn.session, call, EventKind.SERVED, f"{log.STATUS_TOLD}:{asked}", detail={"asunto": log.STATUS_TOLD}
    )
    told = Say(await keypad.status_text(turn.session, found.petition))
    return [told, _afterwards(turn), HangUp()]


def _again(turn: Turn, wrong: int, problem: str) -> Sequence[Step]:
    if wrong >= _TRIES:
        return [Say(problem), _afterwards(turn), HangUp()]
    return _ask_folio(turn, wrong, Say(problem))


@step("estado")
async def status(turn: Turn) -> Sequence[Step]:
    """Twilio tells how a call that came in fares. It comes in any order, and more than once."""
    call = await turn.call()
    await book.keep_status(turn.session, call, log.ROOT, turn.told)
    await book.end(turn.session, call, turn.told)
    return []
