"""Pages kept in memory: served with one query, and never stale."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.models import Patient
from booking.operations import book_place
from core import clock
from scheduling import freshness
from scheduling.freshness import Kept, KeptPages, Page, kept_pages
from scheduling.models import ClassType, Instructor, Location, Slot
from tests.booking.reading import words
from tests.factories import InstructorFactory, PatientFactory, SlotFactory
from tests.scheduling.conftest import MONDAY_MORNING, StandAt

HTMX = {"HX-Request": "true"}


def many_slots(count: int) -> None:
    """`count` slots in the next days, one after the other, by one instructor."""
    sample = SlotFactory(starts_at=MONDAY_MORNING + timedelta(hours=1))
    start = sample.starts_at
    minutes = timedelta(minutes=30)
    Slot.objects.bulk_create(
        Slot(
            class_type=sample.class_type,
            instructor=sample.instructor,
            online_link="https://meet.example.org/back",
            starts_at=start + timedelta(hours=1) + minutes * nth,
            ends_at=start + timedelta(hours=1) + minutes * (nth + 1),
            capacity=8,
            price=1800,
            state=Slot.State.PUBLISHED,
            published_at=start,
        )
        for nth in range(count - 1)
    )


def queries_of(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("count", [1, 3, 300])
@pytest.mark.django_db
def test_a_visitors_page_costs_four_queries_when_made_and_one_when_kept(
    client: Client, monday: datetime, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many_slots(count)

    with django_assert_num_queries(4):
        made = client.get("/timetable/")
    with django_assert_num_queries(1):
        kept = client.get("/timetable/")

    assert made.content == kept.content


@pytest.mark.django_db(transaction=True)
def test_while_nothing_is_committed_the_one_query_is_the_snapshot(client: Client, monday: datetime) -> None:
    SlotFactory()
    client.get("/timetable/")
    client.get("/timetable/")

    asked = queries_of(lambda: client.get("/timetable/"))

    # the snapshot is the whole server's: another test's process may have committed meanwhile
    assert asked[0] == "SELECT pg_current_snapshot()::text"
    assert asked[1:] == [] or [sql.split()[1] for sql in asked[1:]] == ["(SELECT"]


@pytest.mark.django_db
def test_the_list_for_htmx_costs_one_query_even_for_somebody_signed_in(
    client: Client, monday: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SlotFactory()
    account = PatientFactory().account
    client.force_login(account)
    first = client.get("/timetable/", headers=HTMX)

    with django_assert_num_queries(1):
        again = client.get("/timetable/", headers=HTMX)

    assert Slot.objects.get().class_type.name in words(again)
    assert again.content == first.content


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.django_db
def test_a_patients_page_costs_as_many_queries_for_many_slots_as_for_one(
    client: Client, monday: datetime, count: int
) -> None:
    many_slots(count)
    client.force_login(PatientFactory().account)
    client.get("/timetable/")

    asked = queries_of(lambda: client.get("/timetable/"))

    assert len(asked) == 4  # session, account, roles for the navigation, marks
    assert not any("class_type_id" in sql for sql in asked)


CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "a place taken": (lambda: Slot.objects.update(taken=6), "2 places left"),
    "a price": (lambda: Slot.objects.update(price=2100), "21,00 €"),
    "a capacity": (lambda: Slot.objects.update(capacity=9), "4 places left"),
    "a class type's name": (lambda: ClassType.objects.update(name="Chair Yoga"), "Chair Yoga"),
    "an instructor's name": (lambda: Instructor.objects.update(name="Helena Brandt"), "with Helena Brandt"),
    "a location's name": (lambda: Location.objects.update(name="Canal House"), "Canal House"),
    "another instructor": (
        lambda: Slot.objects.update(instructor=InstructorFactory(name="Marco Ferreira")),
        "with Marco Ferreira",
    ),
    "a withdrawn slot": (
        lambda: Slot.objects.update(state=Slot.State.CANCELLED, cancelled_at=clock.now()),
        "There are no classes",
    ),
    "a deleted slot": (lambda: Slot.objects.all().delete(), "There are no classes"),
    "a new slot": (lambda: SlotFactory(class_type__name="Steady Core"), "Steady Core"),
}


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "list"])
@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.django_db(transaction=True)
def test_what_changes_shows_at_once(client: Client, name: str, headers: dict[str, str]) -> None:
    change, shown = CHANGES[name]
    SlotFactory(
        taken=5,
        class_type__name="Gentle Back Care",
        instructor__name="Asha Lind",
        room__name="Quiet Room",
        room__location__name="House by the Park",
    )
    before = [words(client.get("/timetable/", headers=headers)) for _ in range(2)]

    change()

    assert shown not in before[0] and before[0] == before[1]
    assert shown in words(client.get("/timetable/", headers=headers))


@pytest.mark.django_db(transaction=True)
def test_control_without_the_questions_to_the_database_a_change_would_not_show(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlotFactory(taken=5)
    monkeypatch.setattr(freshness, "_current_snapshot", lambda: "1:1:")
    client.get("/timetable/")

    Slot.objects.update(taken=6)

    assert "3 places left" in words(client.get("/timetable/"))


@pytest.mark.django_db(transaction=True)
def test_a_booking_shows_on_the_next_page(client: Client) -> None:
    slot = SlotFactory(capacity=3)
    patient: Patient = PatientFactory()
    assert patient.account
    assert "3 places left" in words(client.get("/timetable/"))

    book_place(patient=patient, slot=slot, by=patient.account)

    assert "2 places left" in words(client.get("/timetable/"))


@pytest.mark.django_db(transaction=True)
def test_a_place_taken_while_the_page_is_made_and_given_back_later_is_not_shown_as_taken(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlotFactory(taken=3)
    read = freshness.read_timetable

    def read_after_a_booking(*asked: Any) -> Any:
        Slot.objects.update(taken=4)
        return read(*asked)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(freshness, "read_timetable", read_after_a_booking)
        assert "4 places left" in words(client.get("/timetable/"))
    Slot.objects.update(taken=3)

    assert "5 places left" in words(client.get("/timetable/"))


@pytest.mark.django_db(transaction=True)
def test_a_class_leaves_the_page_when_it_begins(client: Client, stand_at: StandAt) -> None:
    stand_at(MONDAY_MORNING)
    SlotFactory(starts_at=MONDAY_MORNING + timedelta(hours=1), class_type__name="Soon")
    SlotFactory(starts_at=MONDAY_MORNING + timedelta(hours=5), class_type__name="Later")
    assert "Soon" in words(client.get("/timetable/"))

    stand_at(MONDAY_MORNING + timedelta(hours=1))
    at_the_start = words(client.get("/timetable/"))
    stand_at(MONDAY_MORNING + timedelta(hours=1, microseconds=1))
    after = words(client.get("/timetable/"))

    assert "Soon" in at_the_start
    assert "Soon" not in after and "Later" in after


@pytest.mark.django_db(transaction=True)
def test_tomorrow_becomes_today_at_the_clinics_midnight(client: Client, stand_at: StandAt) -> None:
    stand_at(datetime(2026, 11, 23, 22, 59, tzinfo=UTC))
    SlotFactory(starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC))
    assert "Tomorrow Tuesday 24 November" in words(client.get("/timetable/"))

    stand_at(datetime(2026, 11, 23, 23, tzinfo=UTC))

    assert "Today Tuesday 24 November" in words(client.get("/timetable/"))


@pytest.mark.django_db(transaction=True)
def test_an_empty_page_is_not_kept_because_it_names_a_class_of_another_day(client: Client) -> None:
    SlotFactory(starts_at=clock.now() + timedelta(days=40), class_type__name="Far", capacity=2)
    assert "Next class with a place: Far" in words(client.get("/timetable/"))

    Slot.objects.update(taken=2)

    assert "No class is open for booking at the moment." in words(client.get("/timetable/"))
    assert kept_pages.bytes == 0


@pytest.mark.django_db
def test_a_visitors_page_holds_nothing_of_the_visitor(client: Client) -> None:
    SlotFactory()
    strange = {"HTTP_REFERER": "http://secret.example/", "HTTP_USER_AGENT": "secret", "HTTP_ACCEPT_LANGUAGE": "secret"}

    page = client.get("/timetable/?utm_source=secret", **strange)  # type: ignore[arg-type]

    assert page.cookies == {}
    assert b"secret" not in page.content
    assert b"csrf" not in page.content.lower()
    assert {"Cookie", "HX-Request", "Accept-Encoding"} <= set(page["Vary"].split(", "))
    assert page["Cache-Control"] == "private, no-cache"


@pytest.mark.django_db
def test_who_is_signed_in_gets_their_own_header_and_leaves_none_of_it_to_others(client: Client) -> None:
    SlotFactory()
    other = Client()
    client.force_login(PatientFactory().account)

    own = client.get("/timetable/").content.decode()
    visitors = other.get("/timetable/").content.decode()

    assert "Sign out" in own and "Sign out" not in visitors
    assert "Sign in" in visitors and "Sign in" not in own
    assert other.get("/timetable/").content.decode() == visitors


@pytest.mark.parametrize("cookie", ["sessionid", "messages"])
@pytest.mark.django_db
def test_whoever_may_have_something_to_be_told_gets_a_page_of_their_own(client: Client, cookie: str) -> None:
    SlotFactory()
    client.cookies[cookie] = "whatever"

    page = client.get("/timetable/")

    assert "ETag" not in page
    assert "ETag" in Client().get("/timetable/")


@pytest.mark.django_db
def test_who_has_the_page_already_is_told_so_in_few_bytes(client: Client) -> None:
    slot = SlotFactory(taken=1)
    page = client.get("/timetable/")

    again = client.get("/timetable/", headers={"If-None-Match": page["ETag"]})
    Slot.objects.filter(pk=slot.pk).update(taken=2)
    changed = client.get("/timetable/", headers={"If-None-Match": page["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert {"Cookie", "HX-Request"} <= set(again["Vary"].split(", "))
    assert changed.status_code == 200


@pytest.mark.django_db
def test_the_page_is_sent_zipped_to_those_who_take_it_so(client: Client) -> None:
    many_slots(20)
    plain = client.get("/timetable/")
    zipped = client.get("/timetable/", headers={"Accept-Encoding": "br, gzip"})

    assert zipped["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == plain.content
    assert len(zipped.content) < len(plain.content) / 3


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_opened_anew(client: Client) -> None:
    SlotFactory(class_type__name="Calm")
    client.get("/timetable/")
    [pid] = freshness._row("SELECT pg_backend_pid()")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()

    assert "Calm" in words(client.get("/timetable/"))


@pytest.mark.django_db
def test_the_marks_are_read_by_the_index_of_published_slots(monday: datetime) -> None:
    many_slots(3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scheduling_slot")
        window = [MONDAY_MORNING + timedelta(days=30), MONDAY_MORNING + timedelta(days=31)]
        cursor.execute(f"EXPLAIN {freshness._MARKS}", window)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "published_slots_by_start" in plan and "Seq Scan on scheduling_slot" not in plan


def test_the_least_recently_used_pages_go_when_memory_is_full() -> None:
    page = Page.of("x" * 1000)
    pages = KeptPages(most_bytes=3 * page.size)

    def keep(key: str) -> None:
        pages.keep(key, Kept(page, None, (), MONDAY_MORNING, MONDAY_MORNING))

    for key in "abc":
        keep(key)
    pages.find("a")
    keep("d")
    keep("d")

    assert [key for key in "abcd" if pages.find(key)] == ["a", "c", "d"]
    assert pages.bytes == 3 * page.size
