"""The hosted payment page of an order: opened once, resumed, asked, and closed before a place is given away."""

import enum
import logging
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from payments import stripe
from payments.models import CheckoutSession, Order
from payments.operations.receipts import record_payment
from payments.operations.refunds import KEY_LIVES

LIVE = (CheckoutSession.State.ASKED, CheckoutSession.State.OPEN)
SHORTEST_PAGE = timedelta(minutes=30)  # Stripe refuses to open a page that ends sooner

logger = logging.getLogger(__name__)


class OrderNotOpen(DomainError):
    code = "order_not_open"
    message = _("There is nothing left to pay here.")


class PaymentOnItsWay(DomainError):
    code = "payment_on_its_way"
    message = _("Your payment is on its way. You need not pay again.")


class PaymentMismatch(DomainError):
    """Stripe reports another amount, currency, mode or reference than the order's; a person has to look at it."""

    code = "payment_mismatch"
    message = _("%(what)s of the payment is %(got)s, the order says %(want)s.")


class CheckoutOutcome(enum.Enum):
    """What became of an order's payment page."""

    NOT_PAID = "not paid and cannot be paid any more"
    PAID = "paid"
    PROCESSING = "completed, the money is on its way"
    UNKNOWN = "the payment service does not answer"


def open_checkout(*, order: Order, text: str, success_url: str, cancel_url: str, email: str = "") -> CheckoutSession:
    """The order's hosted payment page: the one that is open, else a new one.

    `text` tells the payer what is paid for; Stripe reads it too, so it says nothing about health. Key and parameters
    are stored before Stripe is called, so a call whose answer was lost leads to the same page. The address of a page is
    never told once its order is closed, however long Stripe took. Call it outside a transaction.

    Raises OrderNotOpen, PaymentOnItsWay, StripeUnreachable (try again) or StripeRefused.
    """
    words = {"text": text, "success_url": success_url, "cancel_url": cancel_url, "email": email}
    session = _session_to_ask_for(order, words)
    try:
        session = _ask(session)
    except stripe.StripeRefused:
        if session.expires_at >= clock.now() + SHORTEST_PAGE:
            raise
        # asked for in an outage, and since then its end has come too near; nobody has ever seen that page
        session = _ask(_session_to_ask_for(order, words))
    if session.state != CheckoutSession.State.OPEN:  # closed in another window at the same moment
        raise OrderNotOpen()
    if not _is_still_owed(order):
        _close_unseen(session)
        raise OrderNotOpen()
    return session


@transaction.atomic
def _is_still_owed(order: Order) -> bool:
    """Whether the order is open now that its page is: the call to Stripe may have taken long.

    Waits for whoever closes the order at this moment. Whoever closes it later finds the open page.
    """
    return Order.objects.select_for_update().get(pk=order.pk).is_open


def _close_unseen(session: CheckoutSession) -> None:
    """Close a page whose address is not told. Where that fails it ends by itself, and nobody can pay on it."""
    try:
        record_checkout(stripe.expire_checkout_session(str(session.stripe_id)))
    except (stripe.StripeUnreachable, stripe.StripeRefused):
        logger.warning("checkout %s is of a closed order and could not be closed", session.pk)


@transaction.atomic
def _session_to_ask_for(order: Order, words: dict[str, str]) -> CheckoutSession:
    order = Order.objects.select_for_update().get(pk=order.pk)
    if not order.is_open:
        raise OrderNotOpen()
    if order.checkout_sessions.filter(state=CheckoutSession.State.COMPLETE).exists():
        raise PaymentOnItsWay()
    live = order.checkout_sessions.filter(state__in=LIVE).first()
    if live is not None and live.expires_at > clock.now():
        return live
    if live is not None:
        live.state = CheckoutSession.State.EXPIRED
        live.save(update_fields=["state"])
    expires_at = clock.now().replace(microsecond=0) + settings.CHECKOUT_LASTS
    key = uuid.uuid4()
    own = {"expires_at": int(expires_at.timestamp()), "metadata": {"checkout": str(key)}}
    params = _params(order, **words) | own
    return CheckoutSession.objects.create(order=order, idempotency_key=key, expires_at=expires_at, params=params)


def _params(order: Order, text: str, success_url: str, cancel_url: str, email: str) -> dict[str, Any]:
    """What Stripe is told of an order."""
    params: dict[str, Any] = {
        "mode": "payment",
        "payment_method_types": ["card"],
        "client_reference_id": order.reference,
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": order.currency,
                    "unit_amount": order.amount,
                    "product_data": {"name": text, "description": order.reference},
                },
            }
        ],
        "success_url": success_url,
        "cancel_url": cancel_url,
        "payment_intent_data": {"metadata": {"order": order.reference}},
    }
    if email:
        params["customer_email"] = email
    return params


def _ask(session: CheckoutSession) -> CheckoutSession:
    """Ask Stripe for the page that the row describes; any number of times, together or one after another."""
    if session.state != CheckoutSession.State.ASKED:
        return session
    try:
        answer = stripe.create_checkout_session(session.params, key=str(session.idempotency_key))
    except stripe.StripeRefused:
        CheckoutSession.objects.filter(pk=session.pk, state=CheckoutSession.State.ASKED).update(
            state=CheckoutSession.State.EXPIRED
        )
        raise
    CheckoutSession.objects.filter(pk=session.pk, state=CheckoutSession.State.ASKED).update(
        state=CheckoutSession.State.OPEN,
        stripe_id=answer["id"],
        url=answer["url"],
        expires_at=datetime.fromtimestamp(answer["expires_at"], UTC),
    )
    session.refresh_from_db()
    return session


def check_checkout(*, order: Order) -> CheckoutOutcome:
    """Ask Stripe whether the order's page was paid, and write it down if so; the webhook may come before or after.

    Raises PaymentMismatch. A page that Stripe refuses to tell of is one of which nothing is known.
    """
    if Order.objects.get(pk=order.pk).is_paid:
        return CheckoutOutcome.PAID
    outcome = CheckoutOutcome.NOT_PAID
    for session in order.checkout_sessions.exclude(stripe_id=None).order_by("-id"):
        try:
            outcome = record_checkout(stripe.retrieve_checkout_session(str(session.stripe_id)))
        except (stripe.StripeUnreachable, stripe.StripeRefused):
            return CheckoutOutcome.UNKNOWN
        if outcome in (CheckoutOutcome.PAID, CheckoutOutcome.PROCESSING):
            break
    return outcome


def close_checkout(*, order: Order) -> CheckoutOutcome:
    """Make sure that nobody can pay for the order any more; if somebody just has, that wins.

    Call it outside a transaction, before the thing bought is given to somebody else.
    """
    for session in order.checkout_sessions.filter(state__in=LIVE):
        try:
            _expire(session)
        except stripe.StripeUnreachable:
            return CheckoutOutcome.UNKNOWN
        except stripe.StripeRefused:
            logger.info("checkout %s was not open any more", session.pk)
    return check_checkout(order=order)


def _expire(session: CheckoutSession) -> None:
    if session.state == CheckoutSession.State.ASKED and session.created_at < clock.now() - KEY_LIVES:
        # whatever Stripe made of it has expired by itself
        CheckoutSession.objects.filter(pk=session.pk).update(state=CheckoutSession.State.EXPIRED)
        return
    session = _ask(session)
    record_checkout(stripe.expire_checkout_session(str(session.stripe_id)))


@transaction.atomic
def record_checkout(answer: dict[str, Any]) -> CheckoutOutcome:
    """Write down what Stripe says of a checkout session, whoever brought the news.

    Raises PaymentMismatch when it is not what the order asked for; a session that was not asked for here (another
    program on the same Stripe account) is passed over.
    """
    key = stripe.our_key(answer, "checkout")
    if key is None:
        logger.info("checkout session %s is not ours", answer["id"])
        return CheckoutOutcome.NOT_PAID
    order = Order.objects.select_for_update(of=("self",)).filter(checkout_sessions__idempotency_key=key).first()
    if order is None:
        raise PaymentMismatch(what="checkout", got=key, want="one that was asked for here")
    session = order.checkout_sessions.get(idempotency_key=key)  # read and changed under the order's lock
    if answer["status"] != "complete":
        if answer["status"] == "expired":
            CheckoutSession.objects.filter(pk=session.pk, state__in=LIVE).update(state=CheckoutSession.State.EXPIRED)
        return CheckoutOutcome.NOT_PAID
    _check_against_order(answer, order)
    is_paid = answer["payment_status"] == "paid"
    if session.state == CheckoutSession.State.FAILED and not is_paid:
        return CheckoutOutcome.NOT_PAID
    CheckoutSession.objects.filter(pk=session.pk).update(state=CheckoutSession.State.COMPLETE, stripe_id=answer["id"])
    if not is_paid:
        return CheckoutOutcome.PROCESSING
    if not answer["payment_intent"]:
        raise PaymentMismatch(what="payment", got="missing", want="one of the amount")
    record_payment(
        order=order,
        amount=answer["amount_total"],
        currency=answer["currency"],
        payment_intent=answer["payment_intent"],
    )
    return CheckoutOutcome.PAID


@transaction.atomic
def record_failed_payment(answer: dict[str, Any]) -> None:
    """Write down that money which was on its way (a bank debit, say) will not come: the order can be paid anew."""
    if record_checkout(answer) is CheckoutOutcome.PROCESSING:
        CheckoutSession.objects.filter(stripe_id=answer["id"]).update(state=CheckoutSession.State.FAILED)


def _check_against_order(answer: dict[str, Any], order: Order) -> None:
    for what, got, want in [
        ("reference", answer["client_reference_id"], order.reference),
        ("amount", answer["amount_total"], order.amount),
        ("currency", answer["currency"], order.currency),
        ("livemode", answer["livemode"], stripe.is_live()),
    ]:
        if got != want:
            raise PaymentMismatch(what=what, got=got, want=want)
