"""Vendors that repeat, fail, cut connections after they took a message, or are down."""

import time

import pytest

from tests.chaos.site import Site
from tests.chaos.table import FULL, Table
from tests.chaos.traffic import writers
from tests.chaos.trial import is_good, under

EACH, MESSAGES = (4, 20) if FULL else (1, 5)
DOWN_SECONDS = 30 if FULL else 3


@pytest.mark.timeout(600)
def test_calls_that_come_again_have_no_second_effect(site: Site, table: Table) -> None:
    site.stand_ins.twilio.faults(duplicate_webhooks=2, duplicate_callbacks=2, shuffle_callbacks=True)
    site.stand_ins.telegram.faults(duplicate_updates=2)
    found = under(site, table, "vendors call three times", writers(site, each=EACH), MESSAGES, lambda: None)
    assert is_good(found), found
    assert sum(tally.uncertain for tally in found.values()) == 0


@pytest.mark.timeout(600)
@pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")
def test_a_vendor_that_is_down_gets_it_all_in_the_end(site: Site, table: Table) -> None:
    def go_down() -> None:
        time.sleep(0.3)
        for vendor in (site.stand_ins.twilio, site.stand_ins.telegram):
            vendor.faults(down_seconds=DOWN_SECONDS)
        time.sleep(DOWN_SECONDS)

    found = under(site, table, f"vendors down for {DOWN_SECONDS} s", writers(site, each=EACH), MESSAGES, go_down)
    assert is_good(found), found


@pytest.mark.timeout(600)
def test_an_answer_that_never_came_is_settled_as_documented(site: Site, table: Table) -> None:
    """Cut after the vendor took it: WhatsApp's list is asked; Telegram has none, and its citizen sees it again."""
    cuts = 2

    def cut() -> None:
        for vendor in (site.stand_ins.twilio, site.stand_ins.telegram):
            vendor.faults(cut_sends=cuts)

    people = writers(site, each=EACH, channels=("whatsapp", "telegram"))
    found = under(site, table, "vendor takes it, its answer is lost", people, MESSAGES, cut)
    assert is_good(found), found
    assert (found["whatsapp"].uncertain, found["telegram"].uncertain) == (0, cuts)


@pytest.mark.timeout(600)
@pytest.mark.skipif(not FULL, reason="the full size alone: make chaos")
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vendor_that_refuses_for_a_while_holds_up_no_order(site: Site, table: Table, status: int) -> None:
    def refuse() -> None:
        for vendor in (site.stand_ins.twilio, site.stand_ins.telegram):
            vendor.faults(fail_status=status, fail_times=6)

    found = under(site, table, f"vendors answer {status}", writers(site, each=EACH), MESSAGES, refuse)
    assert is_good(found), found
