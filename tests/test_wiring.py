"""Every signal and who hears it, as one table: an edge that is missing, doubled or new is seen here."""

from types import ModuleType

import pytest
from django.dispatch import Signal

import accounts.signals
import booking.signals
import payments.signals
import scheduling.signals
from payments.models import Order, Payment
from payments.operations import record_payment
from tests.factories import OrderFactory

EDGES = {
    "accounts.signals.account_mail_due": ["notifications.receivers.write_account_mail"],
    "payments.signals.order_paid": ["booking.receivers.confirm_paid_booking"],
    "payments.signals.order_paid_twice": ["booking.receivers.tell_of_second_payment"],
    "scheduling.signals.slot_changed": ["booking.receivers.tell_of_changed_slot"],
    "scheduling.signals.slot_cancelled": ["booking.receivers.end_bookings_soon"],
    "scheduling.signals.substitute_wanted": ["notifications.receivers.ask_colleagues"],
    "scheduling.signals.substitute_found": ["notifications.receivers.announce_substitute"],
    "booking.signals.class_changed": ["notifications.receivers.announce_change"],
    "booking.signals.class_cancelled": ["notifications.receivers.announce_cancelled_class"],
    "booking.signals.booking_confirmed": ["notifications.receivers.announce_booking"],
    "booking.signals.payment_goes_back": ["notifications.receivers.announce_refund"],
}


def signals_of(module: ModuleType) -> dict[str, Signal]:
    return {f"{module.__name__}.{name}": value for name, value in vars(module).items() if isinstance(value, Signal)}


def receivers_of(signal: Signal) -> list[str]:
    heard_by, _asynchronous = signal._live_receivers(sender=None)
    return sorted(f"{receiver.__module__}.{receiver.__qualname__}" for receiver in heard_by)


def test_each_signal_reaches_exactly_the_receivers_of_the_table() -> None:
    signals = {
        name: signal
        for module in (accounts.signals, payments.signals, scheduling.signals, booking.signals)
        for name, signal in signals_of(module).items()
    }

    wiring = {name: receivers_of(signal) for name, signal in signals.items()}

    assert wiring == EDGES


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_takes_the_whole_transaction_with_it() -> None:
    """Plain `send`: both commit or neither. `send_robust` would leave a payment that nobody acted upon."""

    def fails(**_kwargs: object) -> None:
        raise RuntimeError("no row could be written")

    order = OrderFactory()
    payments.signals.order_paid.connect(fails)
    try:
        with pytest.raises(RuntimeError):
            record_payment(order=order, amount=order.amount, currency=order.currency, payment_intent="pi_1")
    finally:
        payments.signals.order_paid.disconnect(fails)

    assert Payment.objects.count() == 0
    assert Order.objects.get().is_open
