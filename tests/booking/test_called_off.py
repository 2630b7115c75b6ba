"""Who had booked a cancelled class, and what each was told: on its page and the day sheet, until it would be over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from accounts.models import Patient
from booking.models import Booking
from booking.operations import end_for_cancelled_slot, give_up_hold
from booking.tasks import end_bookings_of_cancelled_slots, release_ended_holds
from core import clock
from notifications.models import Kind, Message
from payments.models import Payment
from scheduling.models import Instructor, Slot
from scheduling.operations import Scope, cancel_slots
from tests.booking.reading import words
from tests.factories import BookingFactory, InstructorFactory, PatientFactory, PaymentFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)  # Friday noon in Berlin
TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
State = Message.State


class Clock:
    """Where the tests stand."""

    def __init__(self) -> None:
        self.now = NOW


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stands = Clock()
    monkeypatch.setattr(clock, "reading", lambda: stands.now)
    return stands


@pytest.fixture
def asha() -> Instructor:
    return InstructorFactory(user__name="Asha Lind")


@pytest.fixture
def slot(asha: Instructor) -> Slot:
    """Gentle Back Care on Tuesday 24 November at 18:00."""
    return SlotFactory(instructor=asha, class_type__name="Gentle Back Care", starts_at=TUESDAY_SIX)


@pytest.fixture
def instructor(asha: Instructor) -> Client:
    return _signed_in(asha.user)


@pytest.fixture
def manager() -> Client:
    return _signed_in(UserFactory(role=roles.MANAGER))


@pytest.fixture
def desk() -> Client:
    return _signed_in(UserFactory(role=roles.FRONT_DESK))


def _signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def booked(slot: Slot, name: str, *, phone: str = "", has_mail: bool = True, **fields: Any) -> Booking:
    person: dict[str, Any] = {"name": name, "phone": phone}
    if has_mail:
        patient: Patient = PatientFactory(**person)
    else:
        patient = PatientFactory(account=None, is_account_holder=False, **person)
        fields["booked_by"] = UserFactory()
    return BookingFactory(slot=slot, patient=patient, made_at=clock.now() - timedelta(hours=1), **fields)


def cancel(slot: Slot) -> None:
    slot.refresh_from_db()
    cancel_slots(slot=slot, scope=Scope.THIS, reason="Burst pipe", revision=slot.revision, by=None)


def called_off(slot: Slot) -> None:
    """Cancel the class and let the sweeps end what was booked."""
    cancel(slot)
    end_bookings_of_cancelled_slots()
    release_ended_holds()


def class_page(client: Client, slot: Slot) -> str:
    return words(client.get(reverse("booking:planned_class", args=[slot.pk])))


def day_sheet(client: Client) -> str:
    return words(client.get(reverse("booking:desk"), {"day": "2026-11-24"}))


def told(booking: Booking, state: str, **fields: Any) -> None:
    """What became of the message that the sweep wrote."""
    message = Message.objects.filter(booking=booking, kind=Kind.CLASS_CANCELLED)
    if state == State.SENT:
        fields |= {"sent_at": clock.now(), "subject": "Cancelled", "email": "robin@example.org"}
    assert message.update(state=state, **fields) == 1


class TestWhatEachWasTold:
    @pytest.mark.parametrize(
        ("state", "fields", "said"),
        [
            (State.QUEUED, {}, "E-mail on its way"),
            (State.SENT, {}, "Told by e-mail"),
            (State.FAILED, {}, "E-mail failed: please call"),
            (State.BOUNCED, {}, "E-mail failed: please call"),
            (State.VOID, {"void_reason": Message.VoidReason.TOO_LATE}, "E-mail failed: please call"),
        ],
        ids=["queued", "sent", "failed", "bounced", "too late"],
    )
    def test_stands_beside_the_name(
        self, manager: Client, slot: Slot, state: str, fields: dict[str, str], said: str
    ) -> None:
        booking = booked(slot, "Robin Beck", phone="030 1234")
        called_off(slot)

        told(booking, state, **fields)

        assert f"Robin Beck 030 1234 {said}" in class_page(manager, slot)
        assert f"Robin Beck 030 1234 {said}" in day_sheet(manager)

    def test_of_somebody_without_e_mail_is_to_call_them(self, desk: Client, slot: Slot) -> None:
        booked(slot, "Toni May", phone="030 1234", has_mail=False)
        cancel(slot)
        before_the_sweep = day_sheet(desk)

        called_off(slot)

        assert "Toni May 030 1234 No e-mail: please call" in before_the_sweep
        assert "Gentle Back Care Cancelled 1 person to call" in day_sheet(desk)
        assert "Toni May 030 1234 No e-mail: please call" in day_sheet(desk)

    def test_before_the_sweep_has_come_is_nothing_yet_and_nobody_calls(self, manager: Client, slot: Slot) -> None:
        booked(slot, "Robin Beck")

        cancel(slot)

        text = class_page(manager, slot)
        assert "Robin Beck no phone E-mail on its way" in text
        assert "to call" not in text

    def test_counts_those_to_call(self, manager: Client, slot: Slot) -> None:
        for name in ("Kim Adler", "Toni May"):
            booked(slot, name, phone="030 1234", has_mail=False)
        booked(slot, "Robin Beck")

        called_off(slot)

        assert "Who had booked 2 people to call" in class_page(manager, slot)

    def test_a_message_that_went_out_counts_more_than_a_later_one_that_did_not(
        self, manager: Client, slot: Slot
    ) -> None:
        booking = booked(slot, "Robin Beck")
        called_off(slot)
        told(booking, State.SENT)
        later = Message.objects.get(booking=booking, kind=Kind.CLASS_CANCELLED)
        later.pk, later.kind, later.state, later.sent_at = None, Kind.PAID_FOR_CANCELLED, State.FAILED, None
        later.save(force_insert=True)

        assert "Robin Beck no phone Told by e-mail" in class_page(manager, slot)

    def test_leads_to_the_message_once_something_became_of_it(self, manager: Client, slot: Slot) -> None:
        sent, failed, queued = (booked(slot, name) for name in ("Kim Adler", "Robin Beck", "Nour Haddad"))
        toni = booked(slot, "Toni May", phone="030 1234", has_mail=False)
        called_off(slot)
        told(sent, State.SENT)
        told(failed, State.FAILED)
        told(toni, State.VOID, void_reason=Message.VoidReason.NO_ADDRESS)

        page = manager.get(reverse("booking:planned_class", args=[slot.pk]))

        assert "Told by e-mail sent Fri 20 Nov, 12:00" in words(page)
        assert "E-mail failed: please call See the message" in words(page)
        linked = [
            booking
            for booking in (sent, failed, queued, toni)
            if reverse("notifications:message", args=[Message.objects.get(booking=booking).pk]) in page.content.decode()
        ]
        assert linked == [sent, failed]


class TestWhoIsListed:
    def test_whoever_had_a_place_when_the_class_was_cancelled(self, manager: Client, slot: Slot, moment: Clock) -> None:
        booked(slot, "Clara Confirmed")
        booked(slot, "Fay Free", order=None, price=0)
        booked(slot, "Hera Held", state=Booking.State.HELD)
        booked(slot, "Gone Before", state=Booking.State.RELEASED)
        booked(slot, "Left Before", state=Booking.State.CANCELLED)
        booked(slot, "Over Before", state=Booking.State.HELD, hold_expires_at=NOW + timedelta(minutes=1))
        moment.now = NOW + timedelta(minutes=5)

        called_off(slot)

        listed = ["Clara Confirmed", "Fay Free", "Hera Held"]
        for text in (class_page(manager, slot), day_sheet(manager)):
            assert [name for name in Booking.objects.values_list("patient__name", flat=True) if name in text] == listed
        assert not Booking.objects.live().exists()

    def test_also_one_who_gave_the_place_up_afterwards_and_was_told_nothing(
        self, manager: Client, slot: Slot, moment: Clock
    ) -> None:
        hold = booked(slot, "Hera Held", state=Booking.State.HELD)
        cancel(slot)
        moment.now += timedelta(minutes=1)

        give_up_hold(booking=hold)

        assert "Hera Held no phone E-mail failed: please call" in class_page(manager, slot)

    def test_also_where_the_clock_of_the_worker_is_behind(self, manager: Client, slot: Slot, moment: Clock) -> None:
        bookings = [booked(slot, "Clara Confirmed"), booked(slot, "Hera Held", state=Booking.State.HELD)]
        cancel(slot)

        moment.now = NOW - timedelta(seconds=2)
        for booking in bookings:
            end_for_cancelled_slot(booking=booking)
        moment.now = NOW
        release_ended_holds()

        text = class_page(manager, slot)
        assert "Clara Confirmed" in text and "Hera Held" in text

    def test_until_the_class_would_be_over(self, manager: Client, slot: Slot, moment: Clock) -> None:
        booked(slot, "Robin Beck")
        called_off(slot)
        moment.now = slot.ends_at - timedelta(minutes=1)
        shortly_before = [class_page(manager, slot), day_sheet(manager)]

        moment.now = slot.ends_at

        over = "Patients had booked it. Their bookings have ended, and what they paid goes back."
        assert ["Robin Beck" in text for text in shortly_before] == [True, True]
        assert ["Robin Beck" in text for text in (class_page(manager, slot), day_sheet(manager))] == [False, False]
        assert over in class_page(manager, slot) and over in day_sheet(manager)

    def test_nobody_where_nobody_had_booked(self, manager: Client, slot: Slot) -> None:
        called_off(slot)

        assert "Who had booked Nobody had booked." in class_page(manager, slot)
        assert "Nobody had booked." in day_sheet(manager)

    def test_of_a_class_that_takes_place_who_comes(self, manager: Client, slot: Slot) -> None:
        booked(slot, "Robin Beck")

        assert "Who comes Robin Beck" in class_page(manager, slot)
        assert "told" not in day_sheet(manager)


class TestWhoMaySeeWhat:
    def test_an_instructor_sees_names_and_that_the_desk_calls(self, instructor: Client, slot: Slot) -> None:
        booked(slot, "Toni May", phone="030 1234", has_mail=False)
        robin = booked(slot, "Robin Beck", phone="030 5678")
        called_off(slot)
        told(robin, State.FAILED)

        page = instructor.get(reverse("booking:planned_class", args=[slot.pk]))

        text = words(page)
        assert "Name What they were told" in text
        assert "Robin Beck E-mail failed: the desk calls Toni May No e-mail: the desk calls" in text
        assert "030 1234" not in text and "030 5678" not in text
        assert "/desk/messages/" not in page.content.decode()

    def test_a_colleague_sees_nothing(self, slot: Slot) -> None:
        booked(slot, "Robin Beck")
        called_off(slot)
        colleague = _signed_in(InstructorFactory().user)

        assert colleague.get(reverse("booking:planned_class", args=[slot.pk])).status_code == 404

    def test_the_desk_sees_what_was_paid_and_goes_back_but_nothing_owed(self, desk: Client, slot: Slot) -> None:
        paid = booked(slot, "Paula Paid")
        PaymentFactory(order=paid.order, amount=1800)
        booked(slot, "Hera Held", state=Booking.State.HELD)

        called_off(slot)

        text = day_sheet(desk)
        assert "paid 18,00 € by card of which 18,00 € refunded" in text
        assert "Hera Held no phone E-mail on its way" in text and "paid nothing" in text
        assert "owes" not in text
        assert Payment.objects.get().refunded == 1800

    def test_who_had_booked_is_not_counted_among_those_who_come(self, desk: Client, slot: Slot) -> None:
        booked(slot, "Robin Beck")
        cancel(slot)
        other = SlotFactory(starts_at=TUESDAY_SIX)
        booked(other, "Kim Adler")

        assert "2 classes · 1 person · Berlin time" in day_sheet(desk)


class TestTheNumberOfQueries:
    @pytest.mark.parametrize("people", [1, 3])
    def test_of_the_class_page_does_not_grow(
        self, manager: Client, slot: Slot, people: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(people):
            booked(slot, f"Robin {number}")
        called_off(slot)

        # as for a class that takes place (12), and the messages
        with django_assert_num_queries(13):
            text = class_page(manager, slot)

        assert text.count("E-mail on its way") == people

    @pytest.mark.parametrize("classes", [1, 3])
    def test_of_the_day_sheet_does_not_grow(
        self, desk: Client, classes: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(classes):
            slot = SlotFactory(starts_at=TUESDAY_SIX)
            for _person in range(classes):
                booked(slot, "Robin Beck")
            called_off(slot)

        # those of a day without a cancelled class (10), and the messages
        with django_assert_num_queries(11):
            text = day_sheet(desk)

        assert text.count("E-mail on its way") == classes * classes
