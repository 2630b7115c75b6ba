"""The editor of planned classes: what it shows before anything is saved, and what it saves then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from core import clock
from notifications.models import Kind, Message
from scheduling.models import Instructor, Series, Slot, SlotChange
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots, start_series
from tests.booking.editing import (
    TUESDAY_SIX,
    booked,
    five_tuesdays,
    page_of,
    sent_again,
    signed_in,
    tuesday_class,
    typed,
)
from tests.booking.reading import words
from tests.factories import (
    BookingFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    PatientFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]


@pytest.fixture
def slot(asha: Instructor) -> Slot:
    return tuesday_class(asha)


@pytest.fixture
def series(asha: Instructor) -> Series:
    return five_tuesdays(asha)


class TestThePageOfAClass:
    def test_names_who_comes_and_what_was_changed(self, instructor: Client, asha: Instructor, slot: Slot) -> None:
        booked(slot, "Robin Beck")
        booked(slot, "Kim Adler", state=Booking.State.HELD)
        later = Wanted.like(slot, starts_at=TUESDAY_SIX + timedelta(hours=1))
        change_slots(slot=slot, wanted=later, scope=Scope.THIS, revision=0, by=asha.user)

        text = words(instructor.get(page_of(slot)))

        assert "Who comes Kim Adler Waiting for payment Robin Beck" in text
        assert "by Asha Lind · patients were told" in text
        assert "When: Tuesday 24 November, 19:00–20:00 (Berlin time)" in text
        assert "before: Tuesday 24 November, 18:00–19:00 (Berlin time)" in text

    def test_leads_to_a_copy_of_it(self, instructor: Client, slot: Slot) -> None:
        page = instructor.get(page_of(slot))

        assert "Copy this class" in words(page)
        assert f'href="/teach/slots/{slot.pk}/copy/"' in page.content.decode()

    def test_says_how_its_series_repeats_and_leads_there(
        self, instructor: Client, manager: Client, series: Series
    ) -> None:
        slot = Slot.objects.filter(series=series)[0]

        pages = [client.get(page_of(slot)) for client in (instructor, manager)]

        for page in pages:
            assert "Series Every Tuesday at 18:00 (Berlin time)" in words(page)
            assert f'href="/teach/series/{series.pk}/"' in page.content.decode()

    def test_leads_a_substitute_to_no_series_of_a_colleague(self, series: Series) -> None:
        substitute = InstructorFactory()
        slot = Slot.objects.filter(series=series)[0]
        Slot.objects.filter(pk=slot.pk).update(instructor=substitute, is_exception=True)

        page = signed_in(substitute.user).get(page_of(slot))

        assert "Differs from its series" in words(page) and "Every Tuesday at 18:00" in words(page)
        assert f"/teach/series/{series.pk}/" not in page.content.decode()

    def test_says_on_its_button_what_is_cancelled(self, instructor: Client, slot: Slot) -> None:
        assert "Change Cancel the class" in words(instructor.get(page_of(slot)))

    @pytest.mark.parametrize("people", [1, 3])
    def test_takes_the_same_queries_for_one_and_for_three(
        self, instructor: Client, slot: Slot, django_assert_num_queries: DjangoAssertNumQueries, people: int
    ) -> None:
        for _person in range(people):
            booked(slot)
            wanted = Wanted.like(Slot.objects.get(pk=slot.pk), capacity=9 + _person)
            change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=_person, by=None)

        # session, account, roles, permissions (2), slot, bookings, payments, changes, three kinds of names
        with django_assert_num_queries(12):
            page = instructor.get(page_of(slot))

        assert words(page).count("Robin Beck") == people


class TestWhoMayEdit:
    PAGES = ("planned_class", "change_class", "cancel_class", "restore_class")

    @pytest.mark.parametrize("name", PAGES)
    def test_a_visitor_signs_in_first(self, slot: Slot, name: str) -> None:
        answer = Client().post(page_of(slot, name)) if name != "planned_class" else Client().get(page_of(slot))
        assert answer.status_code == 302
        assert "/accounts/login/" in answer.url  # type: ignore[attr-defined]

    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize(
        ("role", "status"), [(roles.PATIENT, 403), (roles.FRONT_DESK, 403), (roles.INSTRUCTOR, 404)]
    )
    def test_others_do_not_get_in(self, slot: Slot, name: str, role: str, status: int) -> None:
        booked(slot)
        stranger = InstructorFactory().user if role == roles.INSTRUCTOR else UserFactory(role=role)
        client = signed_in(stranger)
        send = client.get if name == "planned_class" else client.post

        answer = send(page_of(slot, name), typed(slot, capacity=5))

        assert answer.status_code == status
        assert b"Robin Beck" not in answer.content
        assert Slot.objects.get() == slot
        assert SlotChange.objects.count() == 0

    @pytest.mark.parametrize("name", ["planned_class", "change_class", "cancel_class"])
    def test_the_instructor_of_the_class_and_managers_do(
        self, instructor: Client, manager: Client, slot: Slot, name: str
    ) -> None:
        assert [client.get(page_of(slot, name)).status_code for client in (instructor, manager)] == [200, 200]

    def test_only_a_manager_says_who_teaches(self, instructor: Client, manager: Client, slot: Slot) -> None:
        other = InstructorFactory(user__name="Ben Ott")

        assert "Ben Ott" not in words(instructor.get(page_of(slot, "change_class")))
        assert "Ben Ott" in words(manager.get(page_of(slot, "change_class")))
        page = instructor.post(page_of(slot, "change_class"), typed(slot, instructor=other.pk))
        assert "Nothing is different yet." in words(page)

    @pytest.mark.parametrize("name", ["change_class", "cancel_class"])
    def test_a_substitute_edits_the_own_date_and_not_the_series(self, series: Series, name: str) -> None:
        substitute = InstructorFactory()
        slot = Slot.objects.order_by("starts_at")[0]
        Slot.objects.filter(pk=slot.pk).update(instructor=substitute, is_exception=True)
        slot.refresh_from_db()
        client = signed_in(substitute.user)

        page = client.post(page_of(slot, name), typed(slot, scope="upcoming", capacity=5))
        client.post(page_of(slot, name), sent_again(page) | {"scope": "upcoming"})

        changed = Slot.objects.exclude(revision=0)
        assert list(changed) == [slot]


class TestChanging:
    def test_is_checked_first_and_saved_then(self, instructor: Client, slot: Slot) -> None:
        booking = booked(slot)
        page = instructor.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30"))

        text = words(page)
        assert "before: Tuesday 24 November, 18:00–19:00 (Berlin time)" in text
        assert "may cancel free of charge until the class begins. Robin Beck" in text
        assert "Move this class and tell 1 person" in text
        assert Slot.objects.get().starts_at == TUESDAY_SIX
        assert not Message.objects.filter(kind=Kind.CLASS_CHANGED).exists()

        answer = instructor.post(page_of(slot, "change_class"), sent_again(page))

        assert answer.url == page_of(slot)  # type: ignore[attr-defined]
        assert Slot.objects.get().starts_at == TUESDAY_SIX + timedelta(minutes=90)
        assert Message.objects.filter(kind=Kind.CLASS_CHANGED).get().booking == booking
        assert "Saved. 1 person is told." in words(instructor.get(answer.url))  # type: ignore[attr-defined]

    def test_of_a_series_names_the_classes_and_each_person_once(self, instructor: Client, series: Series) -> None:
        first, second, *_others = Slot.objects.order_by("starts_at")
        robin = PatientFactory(name="Robin Beck")
        for each in (first, second):
            BookingFactory(slot=each, patient=robin, made_at=clock.now())
        booked(first, "Kim Adler")

        page = instructor.post(page_of(second, "change_class"), typed(second, wall_time="19:00", scope="upcoming"))
        text = words(page)

        assert "In 5 classes Tuesday 24 November, 19:00–20:00 before: Tuesday 24 November, 18:00–19:00" in text
        assert "Kim Adler 1 class Robin Beck 2 classes" in text
        assert "Move 5 classes and tell 2 people" in text
        instructor.post(page_of(second, "change_class"), sent_again(page))
        assert {clock.clinic_time(each.starts_at).hour for each in Slot.objects.all()} == {19}

    def test_this_and_following_leaves_what_is_before(self, instructor: Client, series: Series) -> None:
        third = Slot.objects.order_by("starts_at")[2]

        page = instructor.post(page_of(third, "change_class"), typed(third, capacity=5, scope="following"))
        instructor.post(page_of(third, "change_class"), sent_again(page))

        assert "Change 3 classes" in words(page)
        assert [each.capacity for each in Slot.objects.order_by("starts_at")] == [8, 8, 5, 5, 5]

    def test_a_patient_without_e_mail_is_to_be_called_by_those_who_may_see_the_number(
        self, instructor: Client, manager: Client, slot: Slot
    ) -> None:
        desk_patient = PatientFactory(name="Toni May", account=None, is_account_holder=False, phone="030 1234")
        BookingFactory(slot=slot, patient=desk_patient, booked_by=UserFactory(), order=None, price=0)

        checked = [
            words(client.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30")))
            for client in (manager, instructor)
        ]

        assert "Toni May no e-mail, please call 030 1234" in checked[0]
        assert "Toni May no e-mail: the desk calls" in checked[1] and "030 1234" not in checked[1]
        assert all("Move this class Back" in text for text in checked)

    def test_price_and_places_concern_nobody_who_has_booked(self, instructor: Client, slot: Slot) -> None:
        booked(slot)

        text = words(instructor.post(page_of(slot, "change_class"), typed(slot, price="20", capacity=6)))

        assert "Price: 20,00 € before: 18,00 €" in text
        assert "Those who have booked are not told: time, place, instructor and kind of class stay as they are" in text
        assert "Change this class Back" in text

    @pytest.mark.parametrize(
        ("more", "field", "reason"),
        [
            ({"day": "2026-11-25"}, "day", "closed at that time (Works)"),
            ({"capacity": 500}, "capacity", "holds 20 mats"),
            ({"room": ""}, "room", "Please choose a room, or enter the link"),
            ({"online_link": "no link"}, "online_link", "Please write the whole link"),
            ({"online_link": "https://x.example/" + "x" * 500}, "online_link", "This link is too long"),
            ({"online_link": "https://x.example/\x00"}, "online_link", "Null characters are not allowed"),
            ({"day": "2026-03-29", "wall_time": "02:30"}, "day", "This time is over"),
            ({"day": "2027-03-28", "wall_time": "02:30"}, "wall_time", "There is no 02:30"),
            ({"day": "2027-10-31", "wall_time": "02:30"}, "fold", "happens twice"),
            ({"revision": "9" * 30}, "revision", "less than or equal"),
            ({"seen": "\x00"}, "seen", "Null characters"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(
        self, instructor: Client, slot: Slot, more: dict[str, Any], field: str, reason: str
    ) -> None:
        ClosureFactory(starts_at=datetime(2026, 11, 25, tzinfo=UTC))

        page = instructor.post(page_of(slot, "change_class"), typed(slot, **more))

        assert page.status_code == 422
        assert reason in str(page.context["form"].errors[field])
        assert SlotChange.objects.count() == 0

    def test_a_clash_of_a_series_names_the_day(self, instructor: Client, series: Series) -> None:
        first, _second, third, *_others = Slot.objects.order_by("starts_at")
        SlotFactory(room=third.room, starts_at=third.starts_at + timedelta(hours=1), class_type__name="Steady Core")

        page = instructor.post(page_of(first, "change_class"), typed(first, wall_time="18:30", scope="upcoming"))

        assert page.status_code == 422
        assert "1 class cannot be changed like this Tuesday 8 December, 18:00–19:00" in words(page)
        assert "Steady Core" in words(page) and not page.context["form"].errors

    def test_a_night_of_the_series_with_two_such_hours_is_asked_about(self, manager: Client) -> None:
        parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
        rule = {"starts_on": date(2027, 10, 24), "recurrence": "FREQ=WEEKLY;COUNT=3"}
        with pytest.MonkeyPatch.context() as then:
            then.setattr(clock, "reading", lambda: datetime(2027, 10, 10, tzinfo=UTC))
            start_series(series=SeriesFactory.build(**parts, **rule))
            first = Slot.objects.order_by("starts_at")[0]
            wish = typed(first, wall_time="02:30", scope="upcoming")
            asked = manager.post(page_of(first, "change_class"), wish)
            page = manager.post(page_of(first, "change_class"), wish | {"fold": "1"})
            manager.post(page_of(first, "change_class"), sent_again(page))

        assert "The second 02:30, after the clocks are set back" in words(asked)
        walls = [clock.clinic_time(each.starts_at) for each in Slot.objects.order_by("starts_at")]
        assert [(wall.hour, wall.minute, wall.fold) for wall in walls] == [(2, 30, 0), (2, 30, 1), (2, 30, 0)]

    def test_back_to_the_form_keeps_what_was_typed(self, instructor: Client, slot: Slot) -> None:
        page = instructor.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30"))

        again = instructor.post(page_of(slot, "change_class"), sent_again(page) | {"then": "edit"})

        assert again.status_code == 200
        assert 'name="wall_time" value="19:30"' in again.content.decode()

    def test_who_books_between_the_check_and_the_click_is_shown_first(self, instructor: Client, slot: Slot) -> None:
        page = instructor.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30"))
        booked(slot, "Kim Adler")

        again = instructor.post(page_of(slot, "change_class"), sent_again(page))

        assert "Something is different since you looked" in words(again)
        assert "Kim Adler" in words(again)
        assert Slot.objects.get().starts_at == TUESDAY_SIX

    def test_a_class_that_has_begun_or_was_cancelled_has_no_form(
        self, instructor: Client, asha: Instructor, slot: Slot
    ) -> None:
        begun = SlotFactory(instructor=asha, starts_at=clock.now() - timedelta(minutes=5))
        cancel_slots(slot=slot, scope=Scope.THIS, reason="", revision=0, by=None)

        for each in (begun, slot):
            for name in ("change_class", "cancel_class"):
                answer = instructor.get(page_of(each, name), follow=True)
                assert "cannot be changed any more" in words(answer)

    @pytest.mark.parametrize("people", [1, 3])
    def test_the_check_takes_the_same_queries_for_one_and_for_three(
        self, instructor: Client, slot: Slot, django_assert_max_num_queries: Any, people: int
    ) -> None:
        for _person in range(people):
            booked(slot)

        with django_assert_max_num_queries(30) as counted:
            instructor.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30"))

        assert len(counted) == 22


class TestTwoEditorsAtOnce:
    def test_the_second_is_told_what_the_first_did_and_loses_nothing(
        self, instructor: Client, manager: Client, slot: Slot
    ) -> None:
        of_instructor, of_manager = typed(slot, wall_time="19:30"), typed(slot, price="20", capacity=6)
        page = manager.post(page_of(slot, "change_class"), of_manager)
        manager.post(page_of(slot, "change_class"), sent_again(page))

        told = instructor.post(page_of(slot, "change_class"), of_instructor)

        text = words(told)
        assert told.status_code == 409
        assert "Mona Berg changed this class while you were at it" in text
        assert "Places: 6 before: 8 Price: 20,00 € before: 18,00 €" in text
        form = told.context["form"]
        assert (form["wall_time"].value(), form["price"].value(), form["capacity"].value()) == ("19:30", "20,00", "6")
        assert form["revision"].value() == "1"

        page = instructor.post(page_of(slot, "change_class"), of_instructor | dict(form.data.items()))
        instructor.post(page_of(slot, "change_class"), sent_again(page))

        now = Slot.objects.get()
        assert (now.starts_at, now.price, now.capacity) == (TUESDAY_SIX + timedelta(minutes=90), 2000, 6)

    def test_what_both_typed_stays_as_the_second_typed_it(
        self, instructor: Client, asha: Instructor, slot: Slot
    ) -> None:
        change_slots(slot=slot, wanted=Wanted.like(slot, price=2500), scope=Scope.THIS, revision=0, by=None)

        told = instructor.post(page_of(slot, "change_class"), typed(slot, price="21"))

        assert told.context["form"]["price"].value() == "21"
        assert "Somebody else changed this class while you were at it Price: 25,00 € before: 18,00 €" in words(told)

    def test_between_check_and_click_too(self, instructor: Client, slot: Slot) -> None:
        page = instructor.post(page_of(slot, "change_class"), typed(slot, wall_time="19:30"))
        change_slots(slot=slot, wanted=Wanted.like(slot, capacity=5), scope=Scope.THIS, revision=0, by=None)

        told = instructor.post(page_of(slot, "change_class"), sent_again(page))

        assert told.status_code == 409
        assert Slot.objects.get().starts_at == TUESDAY_SIX

    def test_cancelling_a_class_that_was_moved_meanwhile_asks_again(self, instructor: Client, slot: Slot) -> None:
        change_slots(slot=slot, wanted=Wanted.like(slot, capacity=5), scope=Scope.THIS, revision=0, by=None)

        told = instructor.post(page_of(slot, "cancel_class"), {"reason": "Burst pipe", "revision": 0})

        assert (told.status_code, told.context["form"]["reason"].value()) == (409, "Burst pipe")
        assert Slot.objects.get().is_published


def test_a_patient_cannot_reach_the_editor_even_of_an_own_class(slot: Slot, patient: Patient) -> None:
    BookingFactory(slot=slot, patient=patient)
    assert patient.account

    assert signed_in(patient.account).get(page_of(slot)).status_code == 403
