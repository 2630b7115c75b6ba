"""Money for a class that the clinic has cancelled buys nothing: it goes back, and the patient is told."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from booking.models import Booking
from booking.operations import pay
from booking.operations.pay import ClassIsCancelled, start_payment
from core import clock
from notifications.models import Kind, Message
from payments.models import Order, Payment, Refund
from payments.operations import record_payment
from scheduling.models import Slot
from scheduling.operations import PeopleWereTold, Scope, cancel_slots, restore_slot
from tests.booking.reading import buttons, words
from tests.factories import BookingFactory
from tests.races.crowd import Pause, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(slot: Slot) -> None:
    Slot.objects.filter(pk=slot.pk).update(state=Slot.State.CANCELLED, cancelled_at=clock.now())


def money_arrives(order: Order) -> Payment:
    return record_payment(order=order, amount=order.amount, currency=order.currency, payment_intent=f"pi_{order.pk}")


@pytest.fixture
def hold(patient: Patient) -> Booking:
    return BookingFactory(patient=patient, state=Booking.State.HELD)


def test_a_payment_for_a_cancelled_class_goes_back_and_confirms_nothing(hold: Booking) -> None:
    cancel(hold.slot)

    money_arrives(hold.order)

    hold.refresh_from_db()
    refund = Refund.objects.get()
    assert hold.state == Booking.State.CANCELLED
    assert Slot.objects.get(pk=hold.slot_id).taken == 0
    assert (refund.amount, refund.reason) == (hold.price, Refund.Reason.CLASS_CANCELLED)
    assert Message.objects.get().kind == Kind.PAID_FOR_CANCELLED


def test_control_a_payment_for_a_class_that_takes_place_confirms(hold: Booking) -> None:
    money_arrives(hold.order)

    hold.refresh_from_db()
    assert hold.is_confirmed
    assert Refund.objects.count() == 0


def test_money_for_a_released_place_of_a_cancelled_class_goes_back_for_the_same_reason(patient: Patient) -> None:
    released = BookingFactory(patient=patient, state=Booking.State.RELEASED)
    cancel(released.slot)

    money_arrives(released.order)

    released.refresh_from_db()
    assert released.is_released
    assert Slot.objects.get(pk=released.slot_id).taken == 0
    assert Refund.objects.get().reason == Refund.Reason.CLASS_CANCELLED


def test_who_paid_late_was_told_so_the_class_is_not_taken_back(patient: Patient) -> None:
    released = BookingFactory(patient=patient, state=Booking.State.RELEASED)
    cancel_slots(slot=released.slot, scope=Scope.THIS, reason="", revision=0, by=None)
    money_arrives(released.order)

    with pytest.raises(PeopleWereTold):
        restore_slot(slot=released.slot, by=None)

    assert Message.objects.get().kind == Kind.PAID_FOR_CANCELLED
    assert Slot.objects.get(pk=released.slot_id).is_cancelled


def test_control_before_that_it_is_and_the_late_payment_buys_its_place(patient: Patient) -> None:
    released = BookingFactory(patient=patient, state=Booking.State.RELEASED)
    cancel_slots(slot=released.slot, scope=Scope.THIS, reason="", revision=0, by=None)
    restore_slot(slot=released.slot, by=None)

    money_arrives(released.order)

    released.refresh_from_db()
    assert released.is_confirmed and Refund.objects.count() == 0


def test_the_patient_reads_what_became_of_class_and_money(patients_client: Client, hold: Booking) -> None:
    cancel(hold.slot)
    money_arrives(hold.order)

    page = words(patients_client.get(reverse("booking:detail", args=[hold.pk])))

    assert "This booking is cancelled" in page
    assert "The class will not take place. We are sorry." in page
    assert "We are sending 18,00 € back to your card." in page


def test_nobody_is_asked_to_pay_for_a_cancelled_class(patients_client: Client, hold: Booking) -> None:
    cancel(hold.slot)
    hold.slot.refresh_from_db()

    page = patients_client.get(reverse("booking:detail", args=[hold.pk]))

    assert "This class is cancelled" in words(page)
    assert buttons(page) == []
    with pytest.raises(ClassIsCancelled):
        start_payment(booking=hold)


@pytest.mark.race
@pytest.mark.parametrize("first", ["cancelling", "payment"])
def test_cancelling_a_class_and_its_payment_at_once_end_in_order(
    hold: Booking, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second waits: money finds the class cancelled, or the cancelling finds a confirmed booking."""
    pause = Pause()
    acts: list[Callable[[], object]]
    if first == "payment":
        monkeypatch.setattr(pay, "_keep_place", pause.after(pay._keep_place))
        acts = [partial(money_arrives, hold.order), pause.then(partial(cancel, hold.slot))]
    else:
        acts = [pause.before_commit(partial(cancel, hold.slot)), pause.then(partial(money_arrives, hold.order))]

    ends = all_at_once(acts)

    hold.refresh_from_db()
    assert ends == {"ok": 2}
    assert hold.state == (Booking.State.CONFIRMED if first == "payment" else Booking.State.CANCELLED)
    assert Refund.objects.count() == (0 if first == "payment" else 1)


@pytest.mark.race
def test_control_without_the_slots_lock_a_cancelled_class_is_confirmed(
    hold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause()
    monkeypatch.setattr(pay, "_locked", lambda slot_id: Slot.objects.get(pk=slot_id))

    all_at_once([pause.before_commit(partial(cancel, hold.slot)), pause.then(partial(money_arrives, hold.order))])

    hold.refresh_from_db()
    assert hold.is_confirmed and Refund.objects.count() == 0
