"""What is told without asking anything: hours, notice, greetings; in a form too, between two questions."""

import re

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from bot.actions.backend_client import BackendError
from bot.actions.kinds import ANSWERED_BY, OPENS_PETITION
from bot.actions.manners import Answer
from bot.actions.readings import need_may_be_danger, remember_offer
from bot.actions.story import tells_at_length
from bot.actions.told import told_in
from bot.actions.turn import Turn, first_name


async def tell_hours(turn: Turn) -> None:
    office = await turn.backend.office()
    turn.say("utter_horario", horario=office["hours_text"], direccion=office["address"])
    if office["phone"]:
        turn.say("utter_horario_telefono", telefono=office["phone"])


async def tell_notice(turn: Turn) -> None:
    turn.say("utter_aviso", url=(await turn.backend.context())["privacy_url"])


#: What is asked of how the service works, by its words: the first that are there tell.
_SERVICE = {
    "utter_servicio_costo": r"cost\w+|cuest\w+|cobr\w+|gratis|gratuit\w+|pag\w+|gasto|me va a salir",
    "utter_servicio_presencia": r"ir|llevar|acudir|presentarme|venir|vuelta",
    "utter_servicio_pruebas": r"fot\w+|video\w*|imagen\w*|archiv\w+|documento\w*|papel\w*|evidencia\w*|prueba\w*|"
    r"audio\w*|pdf|recibo|adjunt\w+|anex\w+|nota de voz",
    "utter_servicio_avisos": r"avis\w+|enter\w+|notifi\w+|llam\w+|habl\w+|marcan|mensaje\w*|correo|sms|wh?ats?app|"
    r"sab(?:er|re)|se comunican|comprobante",
    "utter_servicio_varias": r"varias|cuantas|otra persona|(?:a )?nombre de|aunque",
    "utter_servicio_plazo": r"tard\w+|plazo\w*|dias?|tiempo|demor\w+|rapid\w+|cuando|esper\w+",
}
_SERVICE_OTHERWISE = "utter_servicio_despues"


def _tell_how_it_works(turn: Turn) -> None:
    asked = (response for response, words in _SERVICE.items() if re.search(rf"\b(?:{words})\b", turn.folded))
    turn.say(next(asked, _SERVICE_OTHERWISE))


def tell_access(turn: Turn) -> None:
    turn.say("utter_posible_emergencia" if need_may_be_danger(turn.tracker) else "utter_servicio_acceso")


#: Intents that one response answers.
_FIXED = {
    "despedirse": "utter_despedida",
    "agradecer": "utter_de_nada",
    "negar": "utter_esta_bien",
    "cancelar": "utter_nada_que_cancelar",
    "corregir": "utter_nada_que_corregir",
    "ayuda": "utter_ayuda",
    "tengo_prisa": "utter_servicio_prisa",
    "informacion_publica": "utter_informacion_publica",
    "derechos_arco": "utter_derechos_arco",
    "queja_del_servicio": "utter_queja_del_servicio",
    "afirmar": "utter_que_mas",
    "elegir": "utter_que_mas",
}
#: Words of somebody who has time, which read like those of a hurry.
_NO_HURRY = re.compile(
    r"\bno (?:(?:me|nos|le|lo) )?(?:(?:tengo|tenemos|traigo|llevo|hay|corre|es|esta|ando|vengo|voy) )?"
    r"(?:(?:de|con|nada|tan|tanta|mucha|muy|ninguna) )*(?:pri[sz]a|apuro|urg\w+|apurad[oa])\b|"
    r"\bsin (?:tanta |ninguna )?pri[sz]a\b|\bcon (?:toda )?calm\w+|\btom\w+ su tiempo\b|\bcuando (?:pueda|guste)n?\b"
)


def _tell_pace(turn: Turn) -> None:
    turn.say("utter_servicio_sin_prisa" if _NO_HURRY.search(turn.folded) else _FIXED["tengo_prisa"])


#: What is told of oneself in words that, in a form, might pass for a name, a no or «no sé».
NEEDS = {"tengo_prisa", "necesito_accesibilidad"}
_MOST_WORDS_OF_NEED = 12
#: Intents answered in the middle of a form; thanks among them, to which the next question is answer enough.
SIDE_QUESTIONS = {
    "ayuda",
    "informacion_publica",
    "horario_ubicacion",
    "aviso_privacidad",
    "como_funciona",
    *NEEDS,
    "saludar",
    "agradecer",
}


async def answer_side_question(turn: Turn) -> None:
    """Answer a question that interrupts a form; the form then asks again."""
    if turn.intent == "horario_ubicacion":
        await tell_hours(turn)
    elif turn.intent == "aviso_privacidad":
        await tell_notice(turn)
    elif turn.intent == "como_funciona":
        _tell_how_it_works(turn)
    elif turn.intent == "saludar":
        turn.say("utter_continuar_borrador")
    elif turn.intent == "necesito_accesibilidad":
        tell_access(turn)
    elif turn.intent == "tengo_prisa":
        _tell_pace(turn)
    elif turn.intent in {"ayuda", "informacion_publica"}:
        turn.say(_FIXED[turn.intent])


def only_tells_need(turn: Turn) -> bool:
    """Whether a message in a form says nothing but that they are in a hurry, or cannot read, write, see or hear well.

    Said again in the same words it is an answer: somebody may be called so.
    """
    if turn.intent not in NEEDS or turn.is_button:
        return turn.intent in NEEDS
    is_short = turn.is_sure and turn.words <= _MOST_WORDS_OF_NEED
    return is_short and not (turn.says_yes or turn.is_said_again or told_in(turn.text))


class ActionHours(Answer):
    def name(self) -> str:
        return "action_horario_ubicacion"

    async def answer(self, turn: Turn) -> list[EventType]:
        await tell_hours(turn)
        return []


class ActionNotice(Answer):
    def name(self) -> str:
        return "action_aviso_privacidad"

    async def answer(self, turn: Turn) -> list[EventType]:
        await tell_notice(turn)
        return []


class ActionHowItWorks(Answer):
    def name(self) -> str:
        return "action_como_funciona"

    async def answer(self, turn: Turn) -> list[EventType]:
        _tell_how_it_works(turn)
        return []


class ActionHurry(Answer):
    def name(self) -> str:
        return "action_tengo_prisa"

    async def answer(self, turn: Turn) -> list[EventType]:
        _tell_pace(turn)
        turn.say("utter_que_mas")
        return []


class ActionAccess(Answer):
    """A person, for whom reading or writing is hard; 911 and a question, where it may be a danger."""

    def name(self) -> str:
        return "action_necesito_accesibilidad"

    async def answer(self, turn: Turn) -> list[EventType]:
        tell_access(turn)
        return []


class ActionInform(Answer):
    """What one response answers. A long story that only seems to ask for help is offered to be registered."""

    def name(self) -> str:
        return "action_informar"

    async def answer(self, turn: Turn) -> list[EventType]:
        if turn.intent == "ayuda" and not turn.is_sure and tells_at_length(turn.text):
            turn.say("utter_ofrecer_registro")
            return remember_offer(turn)
        turn.say(_FIXED[turn.intent])
        return []


class ActionYes(Answer):
    """«Sí»: to a request offered again, to the notice refused before, or to nothing that we asked."""

    def name(self) -> str:
        return "action_afirmar"

    async def answer(self, turn: Turn) -> list[EventType]:
        if turn.takes_offer:
            return [FollowupAction(ANSWERED_BY[turn.intent])]
        if turn.accepts_after_all:
            return [FollowupAction(OPENS_PETITION)]
        turn.say(_FIXED["afirmar"])
        return []


async def _known_name(turn: Turn) -> str | None:
    """The citizen's name, if the backend is there to tell it: a greeting does without."""
    try:
        name: str | None = (await turn.backend.context())["known_name"]
    except BackendError:
        return None
    return name


class ActionGreet(Answer):
    """Greets in full once, by name if it is known; after that, briefly."""

    def name(self) -> str:
        return "action_saludar"

    async def answer(self, turn: Turn) -> list[EventType]:
        if any(event.get("event") == "action" and event.get("name") == self.name() for event in turn.tracker.events):
            turn.say("utter_saludo_breve")
            return []
        name = None if turn.tracker.get_slot("nombrado") else await _known_name(turn)
        if name is None:
            turn.say("utter_saludo")
            return []
        turn.say("utter_saludo_por_nombre", nombre=first_name(name))
        return [SlotSet("nombrado", True)]


class ActionFileReceived(Answer):
    def name(self) -> str:
        return "action_enviar_adjunto"

    async def answer(self, turn: Turn) -> list[EventType]:
        turn.say("utter_adjunto_recibido")
        turn.say("utter_que_mas")
        return []
