"""An instructor who teaches no more keeps the account, and no power over the classes once taught."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling.models import Instructor, Series, Slot, SubstituteRequest, TimeOff
from scheduling.operations import ask_for_substitute
from tests.booking.editing import booked, five_tuesdays, page_of, tuesday_class, typed
from tests.booking.reading import words
from tests.factories import SlotFactory, TimeOffFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]

MOVE = {"day": "2026-11-25", "wall_time": "18:00", "minutes": "60"}
THIS_WEEK = {"start": "2026-11-23", "end": "2026-11-30"}
NOT_IN_THE_LIST = "You are not in the list of instructors"
PAGES = ("planned_class", "change_class", "cancel_class")


def at(name: str, *args: Any) -> str:
    return reverse(f"scheduling:{name}", args=args)


@pytest.fixture
def slot(asha: Instructor) -> Slot:
    return tuesday_class(asha)


def leave(asha: Instructor) -> None:
    Instructor.objects.filter(pk=asha.pk).update(is_active=False)


def statuses(client: Client, addresses: list[str]) -> list[int]:
    return [client.get(address).status_code for address in addresses]


def test_reads_no_roster_and_opens_no_page_of_a_class(asha: Instructor, instructor: Client, slot: Slot) -> None:
    booked(slot, "Robin Beck")
    of_class = [page_of(slot, name) for name in PAGES]
    of_class += [at(name, slot.pk) for name in ("calendar_slot", "slot_copy", "slot_substitute")]
    while_teaching = words(instructor.get(page_of(slot)))
    before = statuses(instructor, of_class)

    leave(asha)

    assert "Robin Beck" in while_teaching
    assert (before, statuses(instructor, of_class)) == ([200] * 6, [404] * 6)


def test_changes_moves_cancels_restores_and_publishes_nothing(asha: Instructor, instructor: Client, slot: Slot) -> None:
    leave(asha)
    draft = SlotFactory(instructor=asha, state=Slot.State.DRAFT)
    called_off = SlotFactory(instructor=asha, state=Slot.State.CANCELLED, starts_at=draft.ends_at)
    rows = Slot.objects.order_by("pk").values()
    stood = list(rows)

    answers = [
        instructor.post(page_of(slot, "change_class"), typed(slot, capacity=5)),
        instructor.post(page_of(draft, "change_class"), typed(draft, capacity=5)),
        instructor.post(page_of(slot, "cancel_class"), {"revision": 0}),
        instructor.post(page_of(called_off, "restore_class")),
        instructor.post(at("slot_publish", draft.pk)),
        instructor.post(at("calendar_move", slot.pk), MOVE | {"revision": 0}),
        instructor.post(at("substitute_ask", slot.pk)),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert list(rows) == stood
    assert not SubstituteRequest.objects.exists()


def test_no_longer_withdraws_the_request_once_made(asha: Instructor, instructor: Client, slot: Slot) -> None:
    request = ask_for_substitute(slot=slot, by=asha.user)
    leave(asha)

    answers = [
        instructor.get(at("substitute", request.pk)),
        instructor.post(at("substitute_withdraw", request.pk)),
    ]

    request.refresh_from_db()
    assert ([answer.status_code for answer in answers], request.is_open) == ([404, 404], True)


def test_sees_an_empty_calendar_without_times_off(asha: Instructor, instructor: Client, slot: Slot) -> None:
    TimeOffFactory(instructor=asha, starts_at=slot.ends_at)

    def shown() -> tuple[bool, list[str]]:
        page = words(instructor.get(at("calendar"), {"day": "2026-11-24"}))
        entries = instructor.get(at("calendar_feed"), THIS_WEEK).json()["entries"]
        return "Gentle Back Care" in page, [entry["title"] for entry in entries]

    while_teaching = shown()
    leave(asha)

    assert while_teaching == (True, ["Gentle Back Care", "Asha Lind is away"])
    assert shown() == (False, [])


def test_exports_nothing(asha: Instructor, instructor: Client) -> None:
    five_tuesdays(asha)
    SlotFactory(instructor=asha)
    while_teaching = len(instructor.get(at("export")).content.splitlines())

    leave(asha)

    assert while_teaching == 1 + 2
    assert len(instructor.get(at("export")).content.splitlines()) == 1


class TestSeries:
    @pytest.fixture
    def series(self, asha: Instructor) -> Series:
        return five_tuesdays(asha)

    def test_are_not_listed_shown_or_filled(self, asha: Instructor, instructor: Client, series: Series) -> None:
        before = statuses(instructor, [at("series", series.pk)])
        Slot.objects.filter(series=series).last().delete()
        leave(asha)

        shown, filled = instructor.get(at("series", series.pk)), instructor.post(at("series_fill", series.pk))

        assert (before, shown.status_code, filled.status_code, series.slots.count()) == ([200], 404, 404, 4)
        assert "Gentle Back Care" not in words(instructor.get(at("series_list")))

    def test_are_not_planned_by_who_once_taught_them(self, asha: Instructor, series: Series) -> None:
        while_teaching = series.may_be_planned_by(asha.user)

        leave(asha)

        assert while_teaching and not Series.objects.get(pk=series.pk).may_be_planned_by(asha.user)


def test_neither_sees_nor_removes_times_off(asha: Instructor, instructor: Client, slot: Slot) -> None:
    time_off = TimeOffFactory(instructor=asha, starts_at=slot.starts_at)
    address = at("time_off", time_off.pk)
    before = statuses(instructor, [address])
    leave(asha)

    answers = [
        instructor.get(address),
        instructor.post(at("time_off_remove", time_off.pk)),
        *(instructor.post(at(f"time_off_{deed}", time_off.pk, slot.pk)) for deed in ("keep", "ask", "cancel")),
    ]

    assert (before, [answer.status_code for answer in answers]) == ([200], [404] * 5)
    assert list(TimeOff.objects.values_list("pk", "kept")) == [(time_off.pk, None)]


def test_reads_everywhere_whom_to_ask(asha: Instructor, instructor: Client) -> None:
    places = [at(name) for name in ("teach", "calendar", "series_list", "times_off")]
    before = [NOT_IN_THE_LIST in words(instructor.get(place)) for place in places]
    leave(asha)

    pages = [instructor.get(place) for place in places]

    assert (before, [page.status_code for page in pages]) == ([False] * 4, [200] * 4)
    for page in pages:
        text = words(page)
        assert NOT_IN_THE_LIST in text
        assert (
            "Plan the first one" not in text
            and "or plan a class" not in text
            and "Plan a weekly" not in text
            and "below" not in text
        )


def test_plans_nothing_new(asha: Instructor, instructor: Client) -> None:
    forms = [at("slot_new"), at("series_new"), at("week_copy") + "?week=2026-11-23"]
    before = statuses(instructor, forms)

    leave(asha)

    assert (before, statuses(instructor, forms)) == ([200] * 3, [404] * 3)
    assert statuses(instructor, [at("import"), at("feeds")]) == [200, 200]
