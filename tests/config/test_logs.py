"""Fault 61, in what operators read: log lines and error reports name nobody."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from accounts.models import User
from config import logs
from config.urls import urlpatterns as ours
from tests.config.test_settings import in_production

CANARY = "anna.weber@example.org"
LOGGER = logging.getLogger("tests.logs")


@pytest.fixture(params=["json", "text"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the console shows of LOGGER in one of the two formats."""
    said = logs.configuration(request.param, level="INFO")
    written = io.StringIO()
    said["handlers"]["console"]["stream"] = written
    root = said.pop("root")
    logging.config.dictConfig(said | {"loggers": {LOGGER.name: root}})
    yield written
    LOGGER.handlers.clear()


def request_for_the_canary() -> HttpRequest:
    return RequestFactory().get("/desk/messages/", {"q": CANARY})


def insert_the_canary_twice() -> None:
    with transaction.atomic():
        for _time in range(2):
            User.objects.create(email=CANARY)


def log_everything_about_the_canary() -> None:
    LOGGER.warning("Not Found: %s", "/desk/messages/", extra={"request": request_for_the_canary(), "status_code": 404})
    try:
        insert_the_canary_twice()
    except IntegrityError as error:
        LOGGER.exception("could not be stored: %s", error)
        LOGGER.error("Task raised unexpected: %r", error, extra={"data": {"traceback": str(error)}})  # as Celery does
    else:
        pytest.fail("the address can be stored twice")


@pytest.mark.django_db
def test_log_lines_quote_neither_addresses_nor_rows(lines: io.StringIO) -> None:
    log_everything_about_the_canary()

    written = lines.getvalue()
    assert CANARY not in written
    assert "Not Found: /desk/messages/" in written
    assert "could not be stored: duplicate key value violates unique constraint" in written
    assert "Task raised unexpected: IntegrityError('duplicate key value" in written
    assert "The above exception was the direct cause of the following exception" in written
    assert "in insert_the_canary_twice" in written


@pytest.mark.django_db
def test_control_a_plain_handler_quotes_both() -> None:
    written = io.StringIO()
    plain = logging.StreamHandler(written)
    plain.setFormatter(logging.Formatter("%(message)s %(request)s", defaults={"request": ""}))
    LOGGER.addHandler(plain)

    log_everything_about_the_canary()

    LOGGER.handlers.clear()
    assert f"Key (email)=({CANARY}) already exists." in written.getvalue()
    assert "?q=anna.weber" in written.getvalue()


def test_a_record_stays_whole_for_other_handlers() -> None:
    record = logging.makeLogRecord({"msg": "failed\nDETAIL:  Key (email)=(x)", "request": "x"})
    console = logs.Console()

    line = console.format(record)

    assert line == "failed"
    assert (record.msg, record.__dict__["request"]) == ("failed\nDETAIL:  Key (email)=(x)", "x")


def refused_request(status: int) -> logging.LogRecord:
    """What Django logs of a view that raises."""
    try:
        raise PermissionDenied
    except PermissionDenied as error:
        told = {"msg": "Forbidden", "status_code": status, "exc_info": (type(error), error, error.__traceback__)}
        return logging.makeLogRecord(told)


def test_a_refused_request_is_one_line_and_a_broken_one_shows_where() -> None:
    assert logs.Console().format(refused_request(403)) == "Forbidden"
    assert "PermissionDenied" in logs.Console().format(refused_request(500))


def in_a_process_of_its_own(code: str, **environment: str) -> str:
    done = in_production("-c", f"import django, logging; django.setup(); {code}", **environment)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("debug", ["on", "off"])
def test_each_refused_request_is_said_once(debug: str) -> None:
    here = {"LOCAL_RUN": "on", "SITE_URL": "http://127.0.0.1:8000", "LOG_FORMAT": "text", "DEBUG": debug}

    said = in_a_process_of_its_own("logging.getLogger('django.request').warning('Not Found: /x/')", **here)

    assert said == "WARNING django.request: Not Found: /x/\n"


def test_the_time_of_a_line_is_utc_with_its_offset() -> None:
    said = json.loads(
        in_a_process_of_its_own("logging.getLogger('web').warning('here')", CLINIC_TIME_ZONE="Asia/Tokyo")
    )

    moment = datetime.fromisoformat(said["time"])
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert (said["levelname"], said["name"], said["message"]) == ("WARNING", "web", "here")


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("DEBUG", 3)])
def test_the_coming_and_going_of_tasks_is_said_to_who_looks_for_faults(level: str, lines: int) -> None:
    code = "[logging.getLogger(name).info('x') for name in ('celery.worker.strategy', 'celery.app.trace', 'web')]"

    said = in_a_process_of_its_own(code, LOG_LEVEL=level)

    assert said.count('"message": "x"') == lines


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("duplicate key\nDETAIL:  Key (email)=(a@b.c)\nmore of it\nCONTEXT:  SQL function", "duplicate key"),
        ("syntax error\nLINE 1: SELECT 'a@b.c'\n               ^", "syntax error"),
        ("IntegrityError('x\\nDETAIL:  Key (email)=(a@b.c)\\n')\nTraceback", "IntegrityError('x\nTraceback"),
        ("x\nDETAIL:  y\n\nThe above exception was the cause", "x\n\nThe above exception was the cause"),
        ("Not Found: /feeds/kJ2_-9xQ.ics", "Not Found: /feeds/…"),
        ("GET 'http://x/feeds/kJ2_-9xQ.ics' 500", "GET 'http://x/feeds/…' 500"),
        ("Not Found: /teach/feeds/7/revoke/", "Not Found: /teach/feeds/7/revoke/"),
        ("In DETAIL: nothing is cut\nwhere no line begins so", "In DETAIL: nothing is cut\nwhere no line begins so"),
    ],
)
def test_what_is_cut_and_what_stays(said: str, kept: str) -> None:
    assert logs.without_secrets(said) == kept


class Collector(Transport):
    """Keeps what would be sent to Sentry."""

    reports: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.reports += [dict(event) for event in [envelope.get_event()] if event]


@pytest.fixture
def reports() -> Iterator[list[dict[str, Any]]]:
    """The reports that `report_errors` sends."""
    Collector.reports = []
    logs.report_errors("http://key@127.0.0.1:9/1", environment="test", transport=Collector)
    yield Collector.reports
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@csrf_exempt
def breaks(request: HttpRequest) -> HttpResponse:
    canary_in_a_variable = request.POST["email"]
    LOGGER.warning("soon %s", len(canary_in_a_variable), extra={"request": request})
    insert_the_canary_twice()
    return HttpResponse()


urlpatterns = [path("breaks/", breaks), *ours]


@pytest.mark.django_db(transaction=True)  # the handler closes its connection
@pytest.mark.filterwarnings("error::DeprecationWarning:sentry_sdk")
def test_a_report_names_nobody(settings: Settings, reports: list[dict[str, Any]]) -> None:
    settings.ROOT_URLCONF = __name__
    posted = RequestFactory().post(
        f"/breaks/?q={CANARY}",
        {"email": CANARY},
        headers={"Referer": f"http://testserver/?q={CANARY}", "Cookie": f"last_search={CANARY}"},
    )

    b"".join(WSGIHandler()(posted.environ, lambda *_: None))  # Sentry's own middleware sits around this

    (report,) = reports
    assert CANARY.partition("@")[0] not in json.dumps(report, default=str)
    assert report["request"] == {"method": "POST", "url": "http://testserver/breaks/"}
    errors = [error["value"] for error in report["exception"]["values"]]
    assert errors == [errors[0]] * 2
    assert errors[0].startswith("duplicate key value violates unique constraint")
    assert "soon 22" in [crumb["message"] for crumb in report["breadcrumbs"]["values"]]
