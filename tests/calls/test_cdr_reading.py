"""Rows of call detail records as legs, and legs as calls: what Asterisk writes, and what other exchanges write."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from backend.calls.cdr import layout as layouts
from backend.calls.cdr import legs
from backend.calls.cdr.exchange import Exchange, Owner
from backend.calls.cdr.judging import Call, judge
from backend.calls.cdr.layout import Layout
from backend.calls.cdr.models import LegState
from backend.errors import InvalidInput
from backend.ledger.models import Direction, Outcome

ANA, BETO, AREA, OTHER_AREA = (uuid4() for _ in range(4))
EXCHANGE = Exchange(
    {"101": Owner(ANA, AREA), "102": Owner(BETO, AREA), "250": Owner(None, OTHER_AREA)},
    prefix="9",
)
CITIZEN, FOUND = "6621112233", "+526621112233"
START = datetime(2026, 11, 20, 9, 15, tzinfo=UTC) + timedelta(hours=7)


def row(
    src: str,
    dst: str,
    to: str = "",
    *,
    channel: str = "PJSIP/telmex-0000001a",
    at: int = 0,
    ring: int = 10,
    talk: int = 60,
    disposition: str = "ANSWERED",
    app: str = "Dial",
    uid: str = "1763655300.11",
    clid: str = "",
) -> list[str]:
    """A line of `Master.csv`; `at` seconds after 9:15 on the exchange's clock."""
    start = START - timedelta(hours=7) + timedelta(seconds=at)
    is_answered = disposition == "ANSWERED"
    end = start + timedelta(seconds=ring + (talk if is_answered else 0))
    times = [
        f"{start:%Y-%m-%d %H:%M:%S}",
        f"{start + timedelta(seconds=ring):%Y-%m-%d %H:%M:%S}" if is_answered else "",
    ]
    times += [f"{end:%Y-%m-%d %H:%M:%S}", str(int((end - start).total_seconds())), str(talk if is_answered else 0)]
    return ["", src, dst, "from-trunk", clid or f'"" <{src}>', channel, to, app, "x,20", *times, disposition,
            "DOCUMENTATION", uid, ""]  # fmt: skip


def call_of(*rows: list[str]) -> Call | LegState:
    layout = layouts.asterisk(rows[0])
    found = [legs.read(number, cells, layout) for number, cells in enumerate(rows, 1)]
    assert len({key for key, _ in found}) == 1
    return judge([leg for _, leg in found], EXCHANGE)


RECEIVED = row(CITIZEN, "6622170000", "PJSIP/101-0000001b", clid='"JUAN SOTO" <6621112233>')


def test_a_call_received_waits_until_it_is_answered() -> None:
    call = call_of(RECEIVED)
    assert call == Call(
        direction=Direction.INBOUND,
        started_at=START,
        answered_at=START + timedelta(seconds=10),
        ended_at=START + timedelta(seconds=70),
        outcome=Outcome.ATTENDED,
        phone=FOUND,
        caller_name="JUAN SOTO",
        extension="101",
        agent_id=ANA,
        area_id=AREA,
        transfer_area_id=None,
        transfer_to=None,
    )


@pytest.mark.parametrize(
    ("rows", "direction", "outcome", "agent", "phone"),
    [
        ([row("101", "96621112233", "PJSIP/telmex-2", channel="PJSIP/101-1")], "realizada", "atendida", ANA, FOUND),
        ([row("6622170000", "96621112233", "SIP/telmex-2", channel="SIP/101-1")], "realizada", "atendida", ANA, FOUND),
        ([row("101", CITIZEN, channel="SIP/101-1", disposition="NO ANSWER")], "realizada", "no_contesto", ANA, FOUND),
        ([row("101", CITIZEN, channel="SIP/101-1", disposition="BUSY")], "realizada", "ocupado", ANA, FOUND),
        ([row("101", CITIZEN, channel="SIP/101-1", disposition="CONGESTION")], "realizada", "fallida", ANA, FOUND),
        ([row("101", "911", "PJSIP/telmex-2", channel="SIP/101-1")], "realizada", "atendida", ANA, None),
        ([row(CITIZEN, "600", "SIP/101-1", disposition="NO ANSWER")], "recibida", "abandonada", None, FOUND),
        ([row(CITIZEN, "600", "SIP/101-1", disposition="BUSY")], "recibida", "abandonada", None, FOUND),
        ([row(CITIZEN, "s", app="BackGround")], "recibida", "abandonada", None, FOUND),
        ([row(CITIZEN, "101", app="VoiceMail")], "recibida", "buzon", None, FOUND),
        ([row(CITIZEN, "s", disposition="FAILED")], "recibida", "fallida", None, FOUND),
        ([row("anonymous", "600", "SIP/102-1")], "recibida", "atendida", BETO, None),
        ([row("", "600", "Local/102@from-queue-1;1")], "recibida", "atendida", BETO, None),
    ],
    ids=[
        "made with a prefix", "made under the office's number", "not answered", "busy", "congestion", "emergency",
        "abandoned", "abandoned while busy", "left in the menu", "mailbox", "failed", "anonymous", "queue",
    ],
)  # fmt: skip
def test_the_side_that_is_an_extension_tells_who_called(
    rows: list[list[str]], direction: str, outcome: str, agent: UUID | None, phone: str | None
) -> None:
    call = call_of(*rows)
    assert isinstance(call, Call)
    assert (call.direction, call.outcome, call.agent_id) == (direction, outcome, agent)
    assert call.phone == phone
    assert (call.answered_at is None) == (outcome not in ("atendida", "transferida"))


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([row("101", "102", "SIP/102-1", channel="SIP/101-1")], LegState.INTERNAL),
        ([row("101", "*97", channel="SIP/101-1", app="VoiceMailMain")], LegState.SERVICE),
        ([row("101", "s", channel="SIP/101-1", app="Playback")], LegState.SERVICE),
    ],
)
def test_what_no_citizen_took_part_in_is_no_call(rows: list[list[str]], state: LegState) -> None:
    assert call_of(*rows) is state


def test_the_legs_of_a_call_are_one_call_passed_on() -> None:
    """Rung at two extensions, answered by one, then put through to an area that answers."""
    call = call_of(
        row(CITIZEN, "600", "SIP/102-1", disposition="NO ANSWER", ring=8),
        row(CITIZEN, "600", "SIP/101-1", ring=12, talk=30),
        row(CITIZEN, "250", "SIP/250-1", at=42, ring=5, talk=100),
    )
    assert isinstance(call, Call)
    assert (call.outcome, call.agent_id, call.extension) == (Outcome.TRANSFERRED, ANA, "101")
    assert (call.transfer_area_id, call.transfer_to) == (OTHER_AREA, "Extensión 250")
    assert (call.started_at, call.answered_at) == (START, START + timedelta(seconds=12))
    assert call.ended_at == START + timedelta(seconds=147)


def test_asking_a_colleague_passes_nothing_on_and_an_unknown_extension_is_told_as_it_is() -> None:
    consulted = row("101", "102", "SIP/102-1", channel="SIP/101-1", at=20, talk=10)
    call = call_of(RECEIVED, consulted)
    assert isinstance(call, Call)
    assert (call.outcome, call.transfer_to) == (Outcome.ATTENDED, None)
    call = call_of(RECEIVED, row(CITIZEN, "777", "SIP/777-1", at=70))
    assert isinstance(call, Call)
    assert (call.outcome, call.transfer_area_id, call.transfer_to) == (Outcome.ATTENDED, None, "Extensión 777")


GENERIC = Layout(
    {name: place for place, name in enumerate(("fecha", "hora", "origen", "destino", "duracion", "espera"))}
)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-20 09:15:07", "16:15:07"),
        ("2026-11-20T09:15:07-06:00", "15:15:07"),
        ("20/11/2026 09:15", "16:15:00"),
        ("20/11/26 9:15:07 p. m.", "04:15:07"),
        ("20-11-2026, 12:05 am", "07:05:00"),
        ("31/02/2026 09:15", None),
        ("20/11/2026 13:15 pm", None),
        ("ayer", None),
        ("", None),
    ],
)
def test_moments_are_read_as_exchanges_write_them(told: str, moment: str | None) -> None:
    found = legs.moment(told, GENERIC)
    assert (f"{found:%H:%M:%S}" if found else None) == moment


def test_the_month_may_come_first_and_the_clock_may_be_another() -> None:
    layout = Layout({}, is_month_first=True, timezone="UTC")
    assert legs.moment("11/20/2026 9:15", layout) == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "length"),
    [
        ("95", 95),
        ("95.0", 95),
        ("1:35", 95),
        ("0:01:35", 95),
        ("00:01:35.4", 95),
        ("", None),
        ("-3", None),
        ("x", None),
    ],
)
def test_lengths_are_read_as_exchanges_write_them(told: str, length: int | None) -> None:
    found = legs.seconds(told)
    assert (int(found.total_seconds()) if found is not None else None) == length


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["", "", CITIZEN, "101", "60", "5"], "No dice cuándo empezó."),
        (["20/11/2026", "?", CITIZEN, "101", "60", "5"], "No se entiende la fecha y hora en que empezó."),
        (["20/11/2026", "09:15", CITIZEN, "101", "", ""], "No dice cuánto duró."),
        (["20/11/2026", "09:15", "", "", "60", "5"], "No dice quién llama ni a quién."),
        (["20/11/2026", "09:15", CITIZEN, "101", "90001", "5"], "Dura más de un día."),
    ],
)
def test_a_row_that_tells_of_no_call_says_why(cells: list[str], problem: str) -> None:
    with pytest.raises(legs.UnreadableLeg, match=problem):
        legs.read(1, cells, GENERIC)


def test_a_row_without_an_identifier_has_the_same_key_whenever_it_is_read() -> None:
    cells = ["20/11/2026", "09:15", CITIZEN, "101", "60", "5"]
    (key, leg), (again, _) = legs.read(1, cells, GENERIC), legs.read(9, cells, GENERIC)
    assert key == again
    assert key != legs.read(1, ["20/11/2026", "09:16", *cells[2:]], GENERIC)[0]
    assert leg.answered_at == leg.started_at + timedelta(seconds=5)


def test_a_file_of_asterisk_is_known_and_its_missing_identifiers_do_not_make_all_calls_one() -> None:
    assert layouts.is_asterisk(RECEIVED)
    assert "identificador" in layouts.asterisk(RECEIVED).places
    assert "identificador" not in layouts.asterisk([*RECEIVED[:16], "sucursal"]).places
    with_linked = [*RECEIVED, "", "1763655300.10", "7"]
    assert legs.read(1, with_linked, layouts.asterisk(with_linked))[0] == "1763655300.10"
    assert not layouts.is_asterisk(["Fecha", "Origen"])


def test_columns_are_guessed_kept_by_heading_and_found_again_where_they_moved() -> None:
    headings = ["Fecha y Hora", "Origen", "Destino", "Duración", "Estado", "Notas"]
    layout = Layout(layouts.guess(headings), prefix="9")
    assert layout.places == {"inicio": 0, "origen": 1, "destino": 2, "duracion": 3, "resultado": 4}
    kept = layouts.kept(layout, headings)
    moved = ["Sucursal", *headings]
    assert layouts.of_mapping(kept, layout.options, moved).places["duracion"] == 4
    with pytest.raises(InvalidInput, match="«duracion»"):
        layouts.of_mapping(kept, layout.options, headings[:3])
    with pytest.raises(InvalidInput):
        layouts.check(Layout({"inicio": 0, "origen": 1, "destino": 1, "duracion": 3}), 5)
    with pytest.raises(InvalidInput):
        layouts.check(Layout({"inicio": 0, "origen": 1, "destino": 2}), 5)
