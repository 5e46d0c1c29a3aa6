"""django-helpdesk as its staff use it, for `benchmarks.registry_helpdesk`; runs in an environment of its own.

`python driver.py DATABASE SOCKET_FOLDER`: migrates, then answers one order a line (JSON) on its standard output. Every
request goes through the product's own URLs, views, forms and templates with Django's test client, signed in.
"""

import json
import logging
import sys
import time
from typing import Any

import django
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

ADMIN, QUEUE = "mesa", "Atención"
OPEN, RESOLVED, CLOSED = 1, 3, 4
#: The registry's words for what helpdesk numbers.
STATUSES = {"concluida_satisfactoria": RESOLVED, "concluida_no_satisfactoria": CLOSED, "improcedente": CLOSED,
            "cancelada": CLOSED}  # fmt: skip
PRIORITIES = {"urgente": 1, "alta": 2, "normal": 3}
PAGE = 25

#: Each petition with all that its petitioner told: a ticket has no fields for a person or a place.
PETITIONS = """
    SELECT p.id, row_number() OVER (ORDER BY p.created_at, p.number) AS place, p.folio, p.narrative, p.agency_id,
           p.assignee_id, p.status, p.priority, p.due_on, p.created_at, p.updated_at, p.street, p.colonia,
           m.name AS municipality, p.person_id, who.full_name
      FROM petition p
      LEFT JOIN municipality m ON m.id = p.municipality_id
      LEFT JOIN person who ON who.id = p.person_id
     ORDER BY p.created_at, p.number
"""
EVENTS = "SELECT petition_id, kind, to_status, text, at FROM petition_event ORDER BY at, id"
TICKET = ("id", "title", "queue_id", "created", "modified", "submitter_email", "assigned_to_id", "status", "on_hold",
          "description", "resolution", "priority", "due_date", "secret_key")  # fmt: skip
FOLLOW_UP = ("ticket_id", "date", "title", "comment", "public", "new_status")


def configure(database: str, folder: str) -> None:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="a benchmark's, of no use",  # noqa: S106
        ALLOWED_HOSTS=["testserver"],
        SITE_ID=1,
        USE_TZ=True,
        TIME_ZONE="America/Hermosillo",
        LANGUAGE_CODE="es",
        STATIC_URL="/static/",
        LOGIN_URL="/login/",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        # Nothing leaves the machine, and sending takes no time.
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database,
                "HOST": folder,
                "USER": "postgres",
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.messages",
            "django.contrib.humanize",
            "django.contrib.staticfiles",
            "rest_framework",
            "helpdesk",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
    )
    logging.disable(logging.CRITICAL)
    django.setup()
    # Its patterns are read only now: they import models.
    settings.ROOT_URLCONF = (path("", include("helpdesk.urls")),)


def load(source: str, contacts: dict[str, tuple[str | None, str | None]]) -> int:
    """Our petitions as tickets, one queue an agency, each event a follow-up. Loaded by COPY, as ours are.

    `contacts`: each person's telephone and e-mail, which ours keeps sealed.
    """
    from django.contrib.auth import get_user_model
    from django.db import connection
    from helpdesk.models import Queue

    users, queues, places = {}, {}, {}
    with psycopg.connect(source) as ours:
        for person_id, username in ours.execute("SELECT id, username FROM staff_user ORDER BY username"):
            made = get_user_model().objects.create_user(username, f"{username}@correo.example", is_staff=True)
            users[person_id] = made.pk
        for agency_id, key, name in ours.execute("SELECT id, key, name FROM agency ORDER BY key"):
            queues[agency_id] = Queue.objects.create(title=name[:100], slug=key[:50]).pk
        queues[None] = Queue.objects.create(title=QUEUE, slug="atencion").pk
        get_user_model().objects.create_superuser(ADMIN, "mesa@correo.example", None)
        with connection.cursor() as theirs:
            with theirs.copy(f"COPY helpdesk_ticket ({', '.join(TICKET)}) FROM STDIN") as target:
                for row in ours.cursor(row_factory=psycopg.rows.namedtuple_row).execute(PETITIONS):
                    places[row.id] = row.place
                    phone, email = contacts.get(str(row.person_id), (None, None))
                    target.write_row(ticket(row, phone, email, queues[row.agency_id], users.get(row.assignee_id)))
            with theirs.copy(f"COPY helpdesk_followup ({', '.join(FOLLOW_UP)}) FROM STDIN") as target:
                for petition_id, kind, to, text, at in ours.execute(EVENTS):
                    target.write_row((places[petition_id], at, kind, text, True, STATUSES.get(to, OPEN)))
            theirs.execute("SELECT setval('helpdesk_ticket_id_seq', (SELECT max(id) FROM helpdesk_ticket))")
            theirs.execute("VACUUM ANALYZE")
    return len(places)


def ticket(row: Any, phone: str | None, email: str | None, queue: int, assignee: int | None) -> tuple[Any, ...]:
    told = (row.folio, row.full_name, phone, email, row.municipality, row.colonia, row.street)
    description = "\n".join([row.narrative, *(part for part in told if part)])
    title = row.narrative if len(row.narrative) <= 200 else f"{row.narrative[:197]}..."
    return (
        row.place, title, queue, row.created_at, row.updated_at, email, assignee, STATUSES.get(row.status, OPEN),
        False, description, None, PRIORITIES[row.priority], row.due_on, f"{row.place:036d}",
    )  # fmt: skip


class Desk:
    """Somebody signed in, and what they do."""

    def __init__(self) -> None:
        from django.contrib.auth import get_user_model
        from django.test import Client

        self.client = Client()
        self.user = get_user_model().objects.get(username=ADMIN)
        self.client.force_login(self.user)

    def page(self, **_: Any) -> int:
        """The list's page, which asks for its rows afterwards."""
        return self._done(self.client.get("/tickets/"))

    def rows(self, *, search: str = "", start: int = 0, **named: Any) -> int:
        """A page of the list's rows, newest first, as its script asks for them; how many tickets there are in all."""
        from helpdesk.query import query_to_base64

        filtering = {}
        if named.get("is_open"):
            filtering["status__in"] = [1, 2]
        if named.get("agency"):
            filtering["queue__id__in"] = [self._queue(named["agency"])]
        if named.get("assignee"):
            filtering["assigned_to__id__in"] = [self._staff(named["assignee"])]
        asked = {"filtering": filtering, "filtering_null": {}, "sorting": "created", "sortreverse": True,
                 "search_string": search}  # fmt: skip
        answer = self.client.get(
            f"/datatables_ticket_list/{query_to_base64(asked)}",
            {"draw": "1", "start": str(start), "length": str(PAGE), "order[0][column]": "5", "order[0][dir]": "desc"},
        )
        self._done(answer)
        return int(answer.json()["recordsTotal"])

    def create(self, *, title: str, body: str, email: str = "", **_: Any) -> int:
        """A ticket, through the form's page."""
        sent = {"queue": self._queue(None), "title": title, "body": body, "priority": "3", "submitter_email": email}
        return self._done(self.client.post("/tickets/submit/", sent), 302)

    def save(self, *, title: str, body: str, email: str = "", **_: Any) -> int:
        """A ticket, through the form's own code, in one transaction."""
        from django.db import transaction
        from helpdesk.forms import TicketForm
        from helpdesk.views.staff import get_user_queues

        sent = {"queue": self._queue(None), "title": title, "body": body, "priority": "3", "submitter_email": email}
        with transaction.atomic():
            form = TicketForm(data=sent, queue_choices=get_user_queues(self.user))
            if not form.is_valid():
                raise ValueError(str(form.errors))
            form.save(user=self.user)
        return 1

    def _queue(self, key: str | None) -> int:
        from helpdesk.models import Queue

        return int(Queue.objects.values_list("pk", flat=True).get(slug=key or "atencion"))

    def _staff(self, username: str) -> int:
        from django.contrib.auth import get_user_model

        return int(get_user_model().objects.values_list("pk", flat=True).get(username=username))

    @staticmethod
    def _done(answer: Any, expected: int = 200) -> int:
        if answer.status_code != expected:
            raise ValueError(f"{answer.status_code}: {answer.content[:500]!r}")
        return 1


def main() -> None:
    configure(*sys.argv[1:3])
    call_command("migrate", verbosity=0)
    desk: Desk | None = None
    for line in sys.stdin:
        order = json.loads(line)
        name = order.pop("do")
        if name == "load":
            found, seconds = load(**order), 0.0
        else:
            desk = desk or Desk()
            started = time.perf_counter()
            found = getattr(desk, name)(**order)
            seconds = time.perf_counter() - started
        print(json.dumps({"found": found, "ms": seconds * 1000}), flush=True)


if __name__ == "__main__":
    main()
