"""Faults 18 and 19: a hold is let go in one window while its payment page is being opened in another."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from booking.models import Booking
from booking.operations import check_payment, give_up_hold, release_hold, start_payment
from booking.operations import hold as operation_of_holds
from core import clock
from payments import stripe
from payments.models import CheckoutSession, Order, Refund
from payments.operations import checkout
from scheduling.models import Slot
from tests.factories import BookingFactory
from tests.payments.sandbox.running import Sandbox
from tests.races.crowd import Pause, all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hold(stripe_sandbox: Sandbox) -> Booking:
    """A hold whose first payment page has expired at Stripe; another one is free to be opened."""
    hold = BookingFactory(state=Booking.State.HELD, slot__capacity=1)
    start_payment(booking=hold)
    stripe.expire_checkout_session(str(CheckoutSession.objects.get().stripe_id))
    CheckoutSession.objects.update(state=CheckoutSession.State.EXPIRED)
    return Booking.objects.with_details().get(pk=hold.pk)


@dataclass
class Windows:
    """One window lets the hold go and asks Stripe about the first page; then the other pays, and Stripe is slow to it.

    Stripe opens the second page when `is_time_to_open` says so, by default when the first window is done.
    """

    let_go: Callable[..., None]
    addresses: list[str] = field(default_factory=list)
    is_looking: threading.Event = field(default_factory=threading.Event)
    is_opening: threading.Event = field(default_factory=threading.Event)
    is_time_to_open: threading.Event = field(default_factory=threading.Event)

    def use(self, hold: Booking, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
        ask, create = stripe.retrieve_checkout_session, stripe.create_checkout_session

        def ask_slowly(stripe_id: str) -> dict[str, Any]:
            self.is_looking.set()
            self.is_opening.wait(timeout=10)
            return ask(stripe_id)

        def create_slowly(params: dict[str, Any], *, key: str) -> dict[str, Any]:
            self.is_opening.set()
            self.is_time_to_open.wait(timeout=10)
            return create(params, key=key)

        Booking.objects.filter(pk=hold.pk).update(hold_expires_at=clock.now())
        over = Booking.objects.with_details().get(pk=hold.pk)
        with monkeypatch.context() as slow:
            slow.setattr(stripe, "retrieve_checkout_session", ask_slowly)
            slow.setattr(stripe, "create_checkout_session", create_slowly)
            return all_at_once([lambda: self._let_go(over), lambda: self._pay(hold)])

    def _let_go(self, hold: Booking) -> None:
        self.let_go(booking=hold)
        self.is_time_to_open.set()

    def _pay(self, hold: Booking) -> None:
        self.is_looking.wait(timeout=10)
        self.addresses.append(start_payment(booking=hold))


@pytest.fixture(params=[give_up_hold, release_hold])
def windows(request: pytest.FixtureRequest) -> Windows:
    return Windows(let_go=request.param)


@pytest.fixture
def asked_pages_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Stripe is away for long, and a page that is only asked for is not waited for."""
    monkeypatch.setattr(Order, "is_page_asked_for", False)


def pages_at_stripe(stripe_sandbox: Sandbox) -> Counter[str]:
    return Counter(page["status"] for page in stripe_sandbox.seen("dump")["checkout.session"])


def pay(stripe_sandbox: Sandbox, hold: Booking) -> None:
    stripe_sandbox.pay(str(CheckoutSession.objects.latest("pk").stripe_id))
    check_payment(booking=hold)
    hold.refresh_from_db()


def test_18_a_hold_is_not_released_while_its_payment_page_is_being_opened(
    stripe_sandbox: Sandbox, hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = windows.use(hold, monkeypatch)

    hold.refresh_from_db()
    assert ends == {"ok": 2}
    assert hold.is_held and len(windows.addresses) == 1
    pay(stripe_sandbox, hold)
    assert hold.is_confirmed
    assert (Slot.objects.get().taken, Refund.objects.count()) == (1, 0)


@pytest.mark.usefixtures("asked_pages_overlooked")
def test_19_the_page_of_a_place_that_was_released_while_it_opened_is_closed_and_not_shown(
    stripe_sandbox: Sandbox, hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = windows.use(hold, monkeypatch)

    hold.refresh_from_db()
    assert ends == {"ok": 1, "order_not_open": 1}
    assert hold.is_released and windows.addresses == []
    assert pages_at_stripe(stripe_sandbox) == {"expired": 2}
    assert set(CheckoutSession.objects.values_list("state", flat=True)) == {CheckoutSession.State.EXPIRED}


@pytest.mark.usefixtures("asked_pages_overlooked")
def test_19_control_without_a_second_look_the_released_place_is_paid_for_and_the_money_goes_back(
    stripe_sandbox: Sandbox, hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "_is_still_owed", lambda _order: True)

    ends = windows.use(hold, monkeypatch)

    assert ends == {"ok": 2}
    assert pages_at_stripe(stripe_sandbox) == {"expired": 1, "open": 1}
    BookingFactory(slot=hold.slot)
    pay(stripe_sandbox, hold)
    assert hold.is_released
    assert Refund.objects.get().reason == Refund.Reason.PAID_TOO_LATE


def close_while_the_page_opens(hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Stripe opens the page when the order is closed, but not yet to be seen by others."""
    pause = Pause()
    pause.reached = windows.is_time_to_open
    monkeypatch.setattr(operation_of_holds, "close_order", pause.after(operation_of_holds.close_order))
    return windows.use(hold, monkeypatch)


@pytest.mark.usefixtures("asked_pages_overlooked")
def test_19_who_closes_the_order_at_this_moment_is_waited_for(
    stripe_sandbox: Sandbox, hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = close_while_the_page_opens(hold, windows, monkeypatch)

    assert ends == {"ok": 1, "order_not_open": 1}
    assert pages_at_stripe(stripe_sandbox) == {"expired": 2}


@pytest.mark.usefixtures("asked_pages_overlooked")
def test_19_control_a_look_without_the_lock_comes_too_early(
    stripe_sandbox: Sandbox, hold: Booking, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "_is_still_owed", lambda order: Order.objects.get(pk=order.pk).is_open)

    ends = close_while_the_page_opens(hold, windows, monkeypatch)

    assert ends == {"ok": 2}
    assert pages_at_stripe(stripe_sandbox) == {"expired": 1, "open": 1}
