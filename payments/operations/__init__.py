from payments.operations.checkout import (
    CheckoutOutcome,
    OrderNotOpen,
    PaymentMismatch,
    PaymentOnItsWay,
    check_checkout,
    close_checkout,
    open_checkout,
)
from payments.operations.events import HANDLERS, close_event, process_event, process_event_again, store_event
from payments.operations.orders import close_order, open_order
from payments.operations.receipts import record_payment
from payments.operations.reconcile import reconcile_with_stripe
from payments.operations.refunds import (
    NotToBeSentAgain,
    owe_refund,
    record_provider_refund,
    send_refund,
    send_refund_again,
)
from payments.operations.troubles import money_troubles

__all__ = [
    "HANDLERS",
    "CheckoutOutcome",
    "NotToBeSentAgain",
    "OrderNotOpen",
    "PaymentMismatch",
    "PaymentOnItsWay",
    "check_checkout",
    "close_checkout",
    "close_event",
    "close_order",
    "money_troubles",
    "open_checkout",
    "open_order",
    "owe_refund",
    "process_event",
    "process_event_again",
    "reconcile_with_stripe",
    "record_payment",
    "record_provider_refund",
    "send_refund",
    "send_refund_again",
    "store_event",
]
