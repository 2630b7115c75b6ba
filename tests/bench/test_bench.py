"""The bench keeps up with the schema, and compares like with like."""

import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from bench import clinic, floors
from bench.__main__ import QUERIES, STAMPING, check_places
from bench.management.commands import bench_queries, bench_series
from bench.management.commands.load_bench import Command
from bench.requests import Requests, Wishes, fortnights, weeks
from bench.stack import BenchError
from booking.models import Booking
from scheduling.models import Series, Slot

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = {
    "PATIENTS": 120,
    "PATIENTS_WITH_HISTORY": 97,
    "SLOTS": 300,
    "BOOKINGS": 900,
    "DAYS": 3,
    "DAYS_PAST": 0,
    "TAKEN": 3,
}


@pytest.fixture
def _small_clinic(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(clinic, name, value)
    monkeypatch.setattr("bench.requests.FIRST_SLOT_TO_COME", 201)
    settings.ROOT_URLCONF = "bench.urls"
    Command().handle()


def send(request: bytes) -> Any:
    """Send a request of the load generator through Django's test client."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    kind = headers.pop("Content-Type", "application/json")
    return Client().generic(method, path, body, content_type=kind, headers=headers)


def database_url(settings: Settings) -> str:
    return os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + str(settings.DATABASES["default"]["NAME"])


@pytest.mark.usefixtures("_small_clinic")
def test_product_and_floor_book_places_in_the_generated_clinic(settings: Settings) -> None:
    wishes = Wishes()
    kinds = [wishes.for_api(), wishes.for_api(with_key=True), wishes.for_floor()]
    kinds += [wishes.for_api(hot=True), wishes.for_floor(hot=True)]

    answers = [send(request()) for request in kinds for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 15
    assert Booking.objects.count() == 915
    check_places(database_url(settings), booked=15)


@pytest.mark.usefixtures("_small_clinic")
def test_a_place_too_many_ends_the_bench(settings: Settings) -> None:
    Slot.objects.filter(pk=1).update(taken=4)

    with pytest.raises(BenchError, match="1 slots have another number"):
        check_places(database_url(settings), booked=0)
    with pytest.raises(BenchError, match="1 bookings were answered, 0 were made"):
        check_places(database_url(settings), booked=1)


@pytest.mark.usefixtures("_small_clinic")
@pytest.mark.parametrize(
    ("requests", "product", "floor"),
    [
        pytest.param(fortnights, "/timetable/", "/bench/fortnight/", id="timetable"),
        pytest.param(weeks, "/teach/calendar/", "/bench/week/", id="week"),
    ],
)
def test_pages_and_their_floors_show_the_same_classes(
    requests: Callable[[str], Requests], product: str, floor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinic, "DAYS", 17)  # tomorrow and the day after can be asked for

    page, bare = send(requests(product)()), send(requests(floor)())

    assert (page.status_code, bare.status_code) == (200, 200)
    numbers = {str(row[0]) for row in bare.json()["classes"]}
    assert numbers
    assert numbers <= set(re.findall(r"/(?:slots|classes)/([0-9]+)/", page.content.decode()))


def test_no_fortnight_is_asked_for_twice() -> None:
    requests = fortnights("/timetable/")

    asked = [requests() for _ in range(1000)]

    assert len(set(asked)) == 1000


@pytest.mark.usefixtures("_small_clinic")
def test_queries_of_the_pages_are_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "DAYS", 17)

    bench_queries.Command().handle()

    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [figure["bench"] for figure in figures] == list(QUERIES)
    assert figures[0]["value"] <= 2  # kept in memory; the second where something was committed beside this test
    assert all(figure["value"] * figure["ratio"] == pytest.approx(1, abs=0.05) for figure in figures)


@pytest.mark.parametrize("view", [floors.book, floors.page, floors.fortnight, floors.week])
def test_the_product_has_no_address_of_a_floor(client: Client, view: Any) -> None:
    assert client.get(f"/bench/{view.__name__}/").status_code == 404


@pytest.mark.usefixtures("_small_clinic")
def test_a_year_of_series_is_stamped_beside_a_copy_and_nothing_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_series, "WEEKS", 1)
    monkeypatch.setattr(bench_series, "ROUNDS", 2)
    slots_before = Slot.objects.count()

    bench_series.Command().handle()

    figure = json.loads(capsys.readouterr().out)
    assert (figure["bench"], figure["unit"]) == (STAMPING, "slots/s")
    assert figure["value"] > 0 and figure["floor"] > 0
    assert (Slot.objects.count(), Series.objects.count()) == (slots_before, 0)
