"""Every figure of every report, defined once: pages, exports and docs/reports.md are made from these."""

from backend.reports.definitions import bot, calls, chats, contacts, petitions, productivity, satisfaction
from backend.reports.figures import Report

REPORTS: dict[str, Report] = {
    module.REPORT.key: module.REPORT for module in (contacts, calls, chats, productivity, petitions, satisfaction, bot)
}
