"""The published description of the API."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from core.errors import DomainError
from tests.api.client import description


def test_the_description_is_valid_and_free_of_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    written = StringIO()

    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)

    assert written.getvalue().startswith("openapi: 3.1.0\n")
    assert capsys.readouterr().err == ""


@pytest.mark.django_db
def test_anyone_may_read_it_without_a_token(client: Client) -> None:
    answer = client.get("/api/v1/schema/", headers={"Authorization": "Token nobody"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json()["openapi"] == "3.1.0"
    assert answer.json()["paths"].keys() == description()["paths"].keys()


def test_it_holds_the_operations_and_their_names() -> None:
    operations = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }

    assert operations == {
        "list_slots": ("GET", "/api/v1/slots/"),
        "draft_slot": ("POST", "/api/v1/slots/"),
        "read_slot": ("GET", "/api/v1/slots/{id}/"),
        "publish_slot": ("POST", "/api/v1/slots/{id}/publish/"),
        "change_slots": ("PATCH", "/api/v1/slots/{id}/"),
        "cancel_slots": ("POST", "/api/v1/slots/{id}/cancel/"),
        "restore_slot": ("POST", "/api/v1/slots/{id}/restore/"),
        "list_colleagues": ("GET", "/api/v1/slots/{id}/colleagues/"),
        "ask_for_substitute": ("POST", "/api/v1/slots/{id}/ask-for-substitute/"),
        "assign_substitute": ("POST", "/api/v1/slots/{id}/assign-substitute/"),
        "list_substitute_requests": ("GET", "/api/v1/substitute-requests/"),
        "read_substitute_request": ("GET", "/api/v1/substitute-requests/{id}/"),
        "accept_substitution": ("POST", "/api/v1/substitute-requests/{id}/accept/"),
        "withdraw_substitute_request": ("POST", "/api/v1/substitute-requests/{id}/withdraw/"),
        "list_series": ("GET", "/api/v1/series/"),
        "start_series": ("POST", "/api/v1/series/"),
        "preview_series": ("POST", "/api/v1/series/preview/"),
        "list_class_types": ("GET", "/api/v1/class-types/"),
        "list_locations": ("GET", "/api/v1/locations/"),
        "list_instructors": ("GET", "/api/v1/instructors/"),
        "list_closures": ("GET", "/api/v1/closures/"),
        "add_closure": ("POST", "/api/v1/closures/"),
        "read_closure": ("GET", "/api/v1/closures/{id}/"),
        "remove_closure": ("DELETE", "/api/v1/closures/{id}/"),
        "list_bookings": ("GET", "/api/v1/bookings/"),
        "book_place": ("POST", "/api/v1/bookings/"),
        "read_booking": ("GET", "/api/v1/bookings/{id}/"),
    }


def test_each_refusal_of_a_booking_is_shown_with_its_code() -> None:
    responses = description()["paths"]["/api/v1/bookings/"]["post"]["responses"]
    shown = {
        (int(status), code)
        for status, response in responses.items()
        for code in response["content"].get("application/problem+json", {}).get("examples", {})
    }

    assert shown == {
        (400, "invalid_input"),
        (400, "idempotency_key_not_usable"),
        (401, "not_authenticated"),
        (403, "permission_denied"),
        (409, "already_booked"),
        (409, "too_many_holds"),
        (409, "price_changed"),
        (409, "request_in_progress"),
        (409, "slot_full"),
        (409, "slot_moved"),
        (409, "slot_not_published"),
        (409, "slot_started"),
        (422, "idempotency_key_reused"),
        (429, "throttled"),
        (500, "error"),
        (503, "unavailable"),
    }


def test_codes_of_domain_errors_are_used_once() -> None:
    def family(error: type[DomainError]) -> list[type[DomainError]]:
        return [error, *(later for child in error.__subclasses__() for later in family(child))]

    codes = [error.code for error in family(DomainError) if error.__module__.split(".")[0] != "tests"]

    assert sorted(codes) == sorted(set(codes))
