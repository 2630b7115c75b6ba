"""Whatever goes wrong under /api/ is answered with a problem document that says no more than it should."""

import json
import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.models import ApiToken, Patient
from booking import api as bookings
from booking.models import Booking
from config.api import problems
from scheduling.models import Instructor
from tests.api.client import DescribedClient, signed_in
from tests.factories import SlotFactory

pytestmark = pytest.mark.django_db


def said(answer: Any) -> tuple[int, str, str]:
    """Status, code and media type of a problem; its members are checked on the way."""
    body = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert (body["type"], body["status"]) == ("about:blank", answer.status_code)
    return answer.status_code, body["code"], answer["Content-Type"]


PROBLEM = "application/problem+json"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_an_unknown_address(client: Client, method: str) -> None:
    for path in ("", "v1/", "v2/slots/", "v1/nothing/", "v1/slots", "v1/slots/x/", "v1/slots/-1/", "%00"):
        assert said(getattr(client, method)(f"/api/{path}")) == (404, "not_found", PROBLEM)


@pytest.mark.parametrize("what", ["slots", "bookings"])
def test_a_number_that_nothing_has(api: DescribedClient, what: str) -> None:
    for number in ("0", "9223372036854775807", "9223372036854775808", "9" * 5000):
        assert said(api.get(f"/api/v1/{what}/{number}/")) == (404, "not_found", PROBLEM)


def test_a_method_that_is_not_there_names_those_that_are(api: DescribedClient) -> None:
    answer = api.delete("/api/v1/slots/")

    assert said(answer) == (405, "method_not_allowed", PROBLEM)
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_media_type_that_we_do_not_write(api: DescribedClient) -> None:
    assert said(api.get("/api/v1/slots/", headers={"Accept": "text/html"})) == (406, "not_acceptable", PROBLEM)


def test_a_media_type_that_we_do_not_read(api: DescribedClient) -> None:
    answer = api.post("/api/v1/bookings/", "slot=1", content_type="application/x-www-form-urlencoded")

    assert said(answer) == (415, "unsupported_media_type", PROBLEM)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        '{"slot": NaN}',
        b"\xff\xfe",
        '{"slot": ' + "9" * 5000 + "}",
        "[" * 30_000,
        '{"slot":' * 8_000,
    ],
)
def test_a_body_that_is_not_json(api: DescribedClient, body: str | bytes) -> None:
    status, code, media_type = said(api.post("/api/v1/bookings/", body, content_type="application/json"))

    assert (status, media_type) == (400, PROBLEM)
    assert code in {"parse_error", "invalid_input"}


@pytest.mark.parametrize(
    "body",
    [
        r'{"revision": 0, "scope": "\ud800"}',
        r'{"revision": 0, "\udfff": 1}',
        r'{"revision": 0, "scope": ["this", {"\udc00\ud83d": []}]}',
    ],
)
def test_a_character_that_does_not_exist(teaching: DescribedClient, instructor: Instructor, body: str) -> None:
    slot = SlotFactory(instructor=instructor)

    answer = teaching.patch(f"/api/v1/slots/{slot.pk}/", body, content_type="application/json")

    assert said(answer) == (400, "parse_error", PROBLEM)
    assert answer.json()["detail"] == "This JSON holds a character that does not exist (half of a pair)."


def test_a_character_that_is_written_as_a_pair_is_one(teaching: DescribedClient, instructor: Instructor) -> None:
    slot = SlotFactory(instructor=instructor)

    answer = teaching.patch(
        f"/api/v1/slots/{slot.pk}/", r'{"revision": 0, "scope": "\ud83e\uddd8"}', content_type="application/json"
    )

    assert said(answer)[:2] == (400, "invalid_input")
    assert "\U0001f9d8" in answer.json()["errors"]["scope"][0]


@pytest.mark.parametrize("body", ["[]", "1", '"slot"', "null", "[[1]]"])
def test_a_body_that_is_no_object(api: DescribedClient, body: str) -> None:
    assert said(api.post("/api/v1/bookings/", body, content_type="application/json"))[0] == 400


def test_a_charset_that_is_none(api: DescribedClient) -> None:
    answer = api.post("/api/v1/bookings/", b"{}", content_type="application/json; charset=bz2")

    assert said(answer) == (400, "parse_error", PROBLEM)


def test_a_megabyte(api: DescribedClient) -> None:
    body = json.dumps({"slot": 1, "pay_with": "card", "note": "x" * 2**20})

    assert said(api.post("/api/v1/bookings/", body, content_type="application/json")) == (413, "too_large", PROBLEM)


@pytest.mark.parametrize(
    "authorization", ["Token", "Token nobody", "Token a b", "Token \x00", "Token ü", "token " + "x" * 10_000]
)
def test_a_token_that_is_not_valid(client: Client, authorization: str) -> None:
    for path in ("/api/v1/slots/", "/api/v1/bookings/"):
        answer = client.get(path, headers={"Authorization": authorization})

        assert said(answer) == (401, "authentication_failed", PROBLEM)
        assert answer["WWW-Authenticate"] == "Token"


def test_no_token_at_all(client: Client) -> None:
    answer = client.get("/api/v1/bookings/")

    assert said(answer) == (401, "not_authenticated", PROBLEM)
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_of_an_account_that_was_closed(api: DescribedClient, patient: Patient) -> None:
    assert patient.account
    patient.account.is_active = False
    patient.account.save()

    assert said(api.get("/api/v1/bookings/")) == (401, "authentication_failed", PROBLEM)


def test_a_session_may_read_and_needs_the_csrf_token_to_write(patient: Patient) -> None:
    assert patient.account
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(patient.account)
    wish = {"slot": SlotFactory().pk, "pay_with": "card"}

    def book(**headers: str) -> Any:
        return browser.post("/api/v1/bookings/", wish, content_type="application/json", headers=headers)

    assert browser.get("/api/v1/bookings/").status_code == 200
    assert said(book()) == (403, "permission_denied", PROBLEM)
    browser.cookies["csrftoken"] = token = "t" * 32
    assert book(**{"X-CSRFToken": token}).status_code == 201


def test_a_token_needs_no_csrf_token(patient: Patient) -> None:
    assert patient.account
    program = signed_in(patient.account, enforce_csrf_checks=True)
    wish = {"slot": SlotFactory().pk, "pay_with": "card"}

    assert program.post("/api/v1/bookings/", wish, format="json").status_code == 201


def break_booking(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def breaks(**_kwargs: object) -> Booking:
        raise error

    monkeypatch.setattr(bookings, "book_place", breaks)


def post_booking(patient: Patient) -> Any:
    assert patient.account
    program = signed_in(patient.account, raise_request_exception=False)
    return program.post("/api/v1/bookings/", {"slot": SlotFactory().pk, "pay_with": "card"}, format="json")


def test_an_error_of_ours_is_logged_and_says_nothing_of_itself(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_booking(monkeypatch, RuntimeError("the secret of the house"))

    with caplog.at_level(logging.ERROR, "django.request"):
        answer = post_booking(patient)

    assert said(answer) == (500, "error", PROBLEM)
    assert "secret" not in answer.content.decode()
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info and record.exc_info[1]] == [
        ("the secret of the house",)
    ]


def test_a_database_that_is_away_is_a_pause(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    break_booking(monkeypatch, OperationalError("server closed the connection unexpectedly"))

    answer = post_booking(patient)

    assert said(answer) == (503, "unavailable", PROBLEM)
    assert answer["Retry-After"] == "5"


def test_another_host_is_no_host_of_ours(client: Client) -> None:
    answer = client.get("/api/v1/slots/", headers={"Host": "evil.example"})

    assert answer.status_code == 400


@pytest.mark.parametrize(("path", "media_type"), [("/api/v1/x/", PROBLEM), ("/timetable/", "text/html; charset=utf-8")])
def test_what_fails_before_the_views_is_answered_in_kind(rf: RequestFactory, path: str, media_type: str) -> None:
    request: HttpRequest = rf.get(path)

    answers = [problems.bad_request(request, ValueError()), problems.server_error(request)]

    assert [(answer.status_code, answer["Content-Type"]) for answer in answers] == [
        (400, media_type),
        (500, media_type),
    ]


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for path in ("/api/v1/slots/", "/api/v1/bookings/", "/api/v1/nothing/"):
        answer = client.get(path)

        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_the_token_is_looked_up_with_its_account_in_one_query(
    api: DescribedClient, django_assert_num_queries: Any
) -> None:
    assert ApiToken.objects.count() == 1

    with django_assert_num_queries(1):
        assert api.post("/api/v1/bookings/", {}, format="json").status_code == 400


def test_no_cache_keeps_a_booking(api: DescribedClient) -> None:
    for path in ("/api/v1/bookings/", "/api/v1/bookings/1/"):
        assert api.get(path)["Cache-Control"] == "private, no-store"


def test_asking_for_the_options_is_answered(api: DescribedClient) -> None:
    for path in ("slots/", "slots/1/", "bookings/", "bookings/1/", "schema/", "docs/"):
        assert api.options(f"/api/v1/{path}").status_code == 200
