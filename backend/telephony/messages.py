"""Messages after the tone: a petition that is filed as it is, to be transcribed, or a voicemail to be answered."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock
from backend.conversations import service as conversations
from backend.conversations.models import Author
from backend.notices import ways
from backend.outreach import asking
from backend.outreach.models import ReasonKind
from backend.registry import petitions
from backend.registry.models import ActorKind, EntryChannel, Petition, PetitionKind
from backend.telephony import book, log, wording
from backend.telephony.models import Call, EventKind, RecordingKind, VoiceRecording
from backend.telephony.turn import Turn, step
from channels.twiml import Ask, Goto, HangUp, Record, Say, Step
from channels.voice import Recorded

PETITION_SECONDS, VOICEMAIL_SECONDS = 180, 120
#: A shorter one is somebody who hung up at the tone.
_LEAST_SECONDS = 2
_TO_TRANSCRIBE = "Transcribir el mensaje de voz, completar los datos de la petición y avisar a la persona."
_TO_ANSWER = "Dejó un mensaje de voz. Escúchelo y devuelva la llamada."
_NARRATIVE = "(Mensaje de voz del {}, pendiente de transcribir.)"


@step("mensaje")
async def tell_petition(turn: Turn) -> Sequence[Step]:
    return _record(turn, wording.TELL_PETITION, RecordingKind.PETITION, PETITION_SECONDS)


@step("recado")
async def leave_voicemail(turn: Turn) -> Sequence[Step]:
    return _record(turn, wording.TELL_VOICEMAIL, RecordingKind.VOICEMAIL, VOICEMAIL_SECONDS)


def _record(turn: Turn, told: str, kind: RecordingKind, seconds: int) -> Sequence[Step]:
    record = Record(
        action=turn.to("grabado", de=kind.value),
        told_at=turn.to("grabacion", de=kind.value),
        longest_seconds=seconds,
    )
    # Silence: Twilio goes on with the next step instead of the action.
    return [Say(f"{wording.RECORDED_NOTICE} {told}"), record, Say(wording.NOTHING_HEARD), HangUp()]


@step("grabado")
async def recorded(turn: Turn) -> Sequence[Step]:
    """The message is over. Who already hung up hears nothing of this, and it is kept all the same."""
    call = await turn.call()
    kept = await _keep(turn, call)
    if kept is None:
        return [Say(wording.NOTHING_HEARD), HangUp()]
    if kept.petition_id is None:
        return [Say(wording.MESSAGE_KEPT), HangUp()]
    petition = await turn.session.get_one(Petition, kept.petition_id)
    return [Goto(turn.to("registrado", petition.id))]


@step("registrado")
async def filed(turn: Turn) -> Sequence[Step]:
    """Tell the folio and the code of the petition that this call filed, as often as is asked."""
    call = await turn.call()
    if turn.subject is None or call.petition_id != turn.subject:
        return [Say(wording.GOODBYE), HangUp()]
    petition = await turn.session.get_one(Petition, turn.subject)
    told = wording.filed(petition.folio, petitions.code_of(petition, turn.secret))
    if call.phone is not None and (await ways.by_sms(turn.session, call.phone)).problem is None:
        told += f" {wording.SENT_BY_TEXT}"
    again = turn.to("registrado", petition.id)
    return [Ask(again, [Say(f"{told} {wording.REPEAT_FOLIO}")], digits=1), Say(wording.GOODBYE), HangUp()]


@step("grabacion")
async def recording_done(turn: Turn) -> Sequence[Step]:
    """Twilio has the recording, whether the caller waited for our answer or hung up."""
    if turn.told.form.get("RecordingStatus", "completed") == "completed":
        await _keep(turn, await turn.call())
    return []


@step("grabacion-saliente")
async def outbound_recording_done(turn: Turn) -> Sequence[Step]:
    call = await turn.subject_call()
    if turn.told.recorded is not None and turn.told.form.get("RecordingStatus", "completed") == "completed":
        await _recording(turn.session, call, turn.told.recorded, RecordingKind.TALK)
    return []


async def _keep(turn: Turn, call: Call) -> VoiceRecording | None:
    """The recording of this webhook, with all that is owed for it; None: a message too short to hold a word."""
    told, kind = turn.told.recorded, RecordingKind(turn.query.get("de", RecordingKind.VOICEMAIL))
    is_short = told is not None and told.seconds is not None and told.seconds < _LEAST_SECONDS
    if told is None or (is_short and kind is not RecordingKind.TALK):
        return None
    recording = await _recording(turn.session, call, told, kind)
    if kind is RecordingKind.PETITION and recording.petition_id is None:
        await _file(turn, call, recording)
    elif kind is RecordingKind.VOICEMAIL and recording.call_reason_id is None:
        recording.call_reason_id = await _ask_for_call(turn.session, call, _TO_ANSWER, None)
        await book.keep(turn.session, call, EventKind.MESSAGE_LEFT)
    return recording


async def _recording(session: AsyncSession, call: Call, told: Recorded, kind: RecordingKind) -> VoiceRecording:
    values = {"call_id": call.id, "recording_sid": told.sid, "kind": kind, "seconds": told.seconds}
    if kind is RecordingKind.TALK:
        values["petition_id"] = call.petition_id
    statement = insert(VoiceRecording).values(**values)
    await session.execute(statement.on_conflict_do_nothing(index_elements=[VoiceRecording.recording_sid]))
    query = select(VoiceRecording).where(VoiceRecording.recording_sid == told.sid).with_for_update()
    recording = (await session.scalars(query.execution_options(populate_existing=True))).one()
    if recording.seconds is None:
        recording.seconds = told.seconds
    return recording


async def _file(turn: Turn, call: Call, recording: VoiceRecording) -> None:
    """File what was told as a petition to be transcribed: the citizen has a folio, and nothing is lost."""
    new = petitions.NewPetition(
        kind=PetitionKind.PETICION,
        channel=EntryChannel.CALL_CENTER,
        narrative=_NARRATIVE.format(_day(turn.at)),
    )
    petition = await petitions.file(turn.session, new, actor=ActorKind.CITIZEN)
    call.petition_id = recording.petition_id = petition.id
    recording.call_reason_id = await _ask_for_call(turn.session, call, _TO_TRANSCRIBE, petition)
    await book.keep(turn.session, call, EventKind.SERVED, log.FILED, detail={"asunto": log.FILED})
    await _text_folio(turn, call, petition)


def _day(moment: datetime) -> str:
    return f"{clock.local(moment):%d/%m/%Y a las %H:%M}"


async def _ask_for_call(session: AsyncSession, call: Call, note: str, petition: Petition | None) -> UUID:
    wanted = asking.Ask(ReasonKind.ASKED, call.phone, note=note, petition_id=petition.id if petition else None)
    return await asking.ask_anyway(session, wanted)


async def _text_folio(turn: Turn, call: Call, petition: Petition) -> None:
    """By SMS to who called, where that can be done."""
    way = await ways.by_sms(turn.session, call.phone) if call.phone else None
    if way is None or way.problem is not None or way.account is None or call.phone is None:
        return
    opened = way.conversation or await conversations.open_conversation(
        turn.session, channel=ways.SMS, account=way.account, external_user_id=call.phone
    )
    conversation = await conversations.lock(turn.session, opened.id)
    text = wording.filed_by_text(petition.folio, petitions.code_of(petition, turn.secret))
    new = conversations.NewMessage(Author.SYSTEM, text=text, is_sensitive=True)
    await conversations.append(turn.session, conversation, new)
