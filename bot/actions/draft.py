"""The petition in hand, asked about: what comes next, or going on with it after something else."""

from typing import Any

from rasa_sdk.events import EventType

from bot.actions.forms import end_form, option_buttons, switch_form
from bot.actions.joining import ask_to_confirm
from bot.actions.turn import Turn


async def ask_next(turn: Turn, draft: dict[str, Any], also: tuple[dict[str, str], ...] = ()) -> None:
    """Ask for what is missing, with the buttons `also` beside its own, or read everything back to be confirmed."""
    upcoming = draft["next"]
    if upcoming is None:
        await ask_to_confirm(turn, draft)
    elif upcoming["name"] == "narrativa" and turn.begun is not None:
        turn.say_with("utter_pregunta_mas", list(also), asunto=turn.begun)
    else:
        turn.say_with(f"utter_pregunta_{upcoming['name']}", [*option_buttons(upcoming["options"]), *also])


async def ask_again(turn: Turn, context: dict[str, Any], draft: dict[str, Any]) -> None:
    """Repeat the question that something else interrupted."""
    if context["consent"]:
        await ask_next(turn, draft)
    else:
        turn.say("utter_consentimiento_otra_vez")


async def end_and_resume(turn: Turn, **slots: Any) -> list[EventType]:
    """What another form's validation returns to end: back to the petition in hand, if there is one."""
    context = await turn.backend.context()
    if context["draft"] is None:
        return end_form(**slots)
    turn.say("utter_continuar_borrador")
    await ask_again(turn, context, context["draft"])
    return switch_form(turn, "peticion_form", paso=None, **slots)
