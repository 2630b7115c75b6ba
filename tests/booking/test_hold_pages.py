"""The payment page of a hold when things take longer: an outage before it opens, money that is late or never comes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from booking.models import Booking
from booking.operations import book_place, give_up_hold, release_hold, start_payment
from booking.operations import hold as operation_of_holds
from core import clock
from payments.models import CheckoutSession, Order, Payment
from payments.operations import CheckoutOutcome, PaymentOnItsWay, close_checkout, reconcile_with_stripe
from payments.stripe import StripeRefused, StripeUnreachable
from tests.factories import CheckoutSessionFactory, PatientFactory, SlotFactory
from tests.payments.sandbox.running import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

State = CheckoutSession.State


@pytest.fixture
def hold() -> Booking:
    patient = PatientFactory()
    return book_place(patient=patient, slot=SlotFactory(capacity=2), by=patient.account)


@pytest.fixture
def on_its_way(stripe_sandbox: Sandbox, hold: Booking) -> CheckoutSession:
    """The page is completed, the money comes later, as with a bank debit."""
    stripe_sandbox.control("settings", delayed_payments=True)
    start_payment(booking=hold)
    page = CheckoutSession.objects.get()
    stripe_sandbox.pay(str(page.stripe_id))
    reconcile_with_stripe()
    page.refresh_from_db()
    assert page.state == State.COMPLETE
    return page


def time_is_over(hold: Booking, *, minutes_ago: int = 36) -> Booking:
    made = clock.now() - timedelta(minutes=minutes_ago)
    Booking.objects.filter(pk=hold.pk).update(made_at=made, hold_expires_at=clock.now())
    return Booking.objects.select_related("order", "slot").get(pk=hold.pk)


def stripe_is_away(stripe_sandbox: Sandbox, path: str = "/v1/checkout/sessions") -> None:
    """For as long as one call and its two retries take."""
    stripe_sandbox.control("faults", path=path, action="close", times=3)


def asked_for_minutes_ago(minutes: int) -> None:
    """As if the page had been asked for earlier; its end was fixed then."""
    [page] = CheckoutSession.objects.all()
    page.expires_at -= timedelta(minutes=minutes)
    page.params["expires_at"] = int(page.expires_at.timestamp())
    page.save()


def test_after_an_outage_of_two_minutes_the_next_click_on_pay_opens_a_page(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    """Stripe refuses pages that end in less than 30 minutes, as the one that was asked for before the outage would."""
    stripe_is_away(stripe_sandbox)
    with pytest.raises(StripeUnreachable):
        start_payment(booking=hold)
    asked_for_minutes_ago(2)

    url = start_payment(booking=hold)

    assert url == CheckoutSession.objects.get(state=State.OPEN).url
    assert list(CheckoutSession.objects.order_by("pk").values_list("state", flat=True)) == [State.EXPIRED, State.OPEN]


def test_control_what_stripe_refuses_for_another_reason_is_said(stripe_sandbox: Sandbox, hold: Booking) -> None:
    Order.objects.update(amount=10)

    with pytest.raises(StripeRefused):
        start_payment(booking=hold)

    assert CheckoutSession.objects.get().state == State.EXPIRED


def test_while_the_money_is_on_its_way_no_second_page_is_opened(hold: Booking, on_its_way: CheckoutSession) -> None:
    with pytest.raises(PaymentOnItsWay):
        start_payment(booking=hold)

    assert CheckoutSession.objects.get() == on_its_way


def test_money_that_never_comes_does_not_keep_the_place(
    stripe_sandbox: Sandbox, hold: Booking, on_its_way: CheckoutSession
) -> None:
    stripe_sandbox.control(f"sessions/{on_its_way.stripe_id}/settle", outcome="failed")
    reconcile_with_stripe()

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_released
    assert Payment.objects.count() == 0


def test_after_a_payment_that_failed_the_hold_can_be_paid_anew(
    stripe_sandbox: Sandbox, hold: Booking, on_its_way: CheckoutSession
) -> None:
    stripe_sandbox.control(f"sessions/{on_its_way.stripe_id}/settle", outcome="failed")
    reconcile_with_stripe()

    assert start_payment(booking=hold) != on_its_way.url


def test_while_stripe_is_away_a_place_is_kept_as_long_as_its_page_is_open(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    """The hold was kept on for want of an answer, and in that time the patient opened the page."""
    start_payment(booking=hold)
    stripe_is_away(stripe_sandbox, "/v1/checkout/sessions/*")

    release_hold(booking=time_is_over(hold, minutes_ago=76))

    hold.refresh_from_db()
    assert hold.is_held


@pytest.mark.parametrize("end", [release_hold, give_up_hold])
def test_a_page_that_is_opened_while_the_hold_ends_is_closed_before_the_place_is_free(
    stripe_sandbox: Sandbox, hold: Booking, end: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    over = time_is_over(hold)

    def close_and_open(*, order: Order) -> CheckoutOutcome:
        outcome = close_checkout(order=order)
        start_payment(booking=hold)  # in another window, loaded before the time was over
        return outcome

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(operation_of_holds, "close_checkout", close_and_open)
        end(booking=over)
    hold.refresh_from_db()
    assert hold.is_held

    end(booking=over)

    hold.refresh_from_db()
    assert hold.is_released
    assert CheckoutSession.objects.get().state == State.EXPIRED


def test_how_long_an_answer_is_waited_for_counts_from_the_end_of_the_hold(
    stripe_sandbox: Sandbox, hold: Booking, settings: Settings
) -> None:
    settings.HOLD_LASTS = timedelta(minutes=90)
    start_payment(booking=hold)
    CheckoutSession.objects.update(expires_at=clock.now())
    stripe_is_away(stripe_sandbox, "/v1/checkout/sessions/*")

    release_hold(booking=time_is_over(hold, minutes_ago=91))

    hold.refresh_from_db()
    assert hold.is_held


def test_a_page_that_a_process_died_over_is_found_and_closed_when_the_hold_ends(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    start_payment(booking=hold)
    CheckoutSession.objects.update(state=State.ASKED, stripe_id=None, url="")

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_released
    assert CheckoutSession.objects.get().state == State.EXPIRED
    assert [page["status"] for page in stripe_sandbox.seen("dump")["checkout.session"]] == ["expired"]


def test_a_page_that_was_asked_for_longer_ago_than_stripe_knows_the_key_does_not_keep_the_place(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    long_ago = clock.now() - timedelta(hours=25)
    CheckoutSessionFactory(
        order=hold.order, state=State.ASKED, stripe_id=None, created_at=long_ago, expires_at=long_ago
    )

    release_hold(booking=time_is_over(hold))

    hold.refresh_from_db()
    assert hold.is_released
    assert CheckoutSession.objects.get().state == State.EXPIRED
    assert stripe_sandbox.seen("dump").get("checkout.session", []) == []


def test_while_stripe_is_away_a_page_that_was_only_asked_for_does_not_keep_the_place_longer(
    stripe_sandbox: Sandbox, hold: Booking
) -> None:
    """Nobody has ever been told its address; else who clicks on Pay again and again would keep the place for ever."""
    CheckoutSessionFactory(order=hold.order, state=State.ASKED, stripe_id=None)
    stripe_is_away(stripe_sandbox)

    release_hold(booking=time_is_over(hold, minutes_ago=76))

    hold.refresh_from_db()
    assert hold.is_released


def test_a_page_that_is_opened_when_stripe_has_been_waited_for_long_enough_still_keeps_the_place(
    stripe_sandbox: Sandbox, hold: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    CheckoutSessionFactory(order=hold.order, expires_at=clock.now())
    stripe_is_away(stripe_sandbox, "/v1/checkout/sessions/*")
    over = time_is_over(hold, minutes_ago=76)

    def look_and_open(booking: Booking) -> bool:
        answer = may_be_paid(booking)
        start_payment(booking=hold)  # in another window, loaded before the time was over
        return answer

    may_be_paid = operation_of_holds._may_be_paid
    monkeypatch.setattr(operation_of_holds, "_may_be_paid", look_and_open)
    release_hold(booking=over)

    hold.refresh_from_db()
    assert hold.is_held
