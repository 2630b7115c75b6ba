"""The life of a checkout session: open, then complete or expired.

What may be asked, and what is refused, follows https://docs.stripe.com/api/checkout/sessions.
"""

from dataclasses import dataclass
from typing import Any

from . import billing, catalogue, intents, objects
from .cards import CARDS, Card
from .currencies import CURRENCIES, written
from .errors import no_such, refused
from .events import emit
from .params import LARGEST_AMOUNT, invalid
from .state import Object, Transaction

SHORTEST, LONGEST = 30 * 60, 24 * 3600
STAND_IN_EMAIL = "patient@example.com"
AUTHENTICATION_NOTICE = "Your bank could not confirm that it was you. Nothing was charged. Please try again."


@dataclass(frozen=True)
class Line:
    """A line item that was asked for: a price, its product, how many."""

    price: Object
    product: Object
    quantity: int
    metadata: dict[str, str]


def create(tx: Transaction, params: dict[str, Any]) -> Object:
    """Open a session with its hosted page."""
    now = tx.now()
    check_expiry(params.get("expires_at"), now)
    if "customer" in params and "customer_email" in params:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if params["mode"] == "payment" and "subscription_data" in params:
        raise invalid("You can not pass `subscription_data` in `payment` mode.", "subscription_data")
    if params["mode"] == "subscription" and "payment_intent_data" in params:
        raise invalid("You can not pass `payment_intent_data` in `subscription` mode.", "payment_intent_data")
    if params["mode"] == "subscription" and "customer_creation" in params:
        raise invalid("`customer_creation` can only be used in `payment` mode.", "customer_creation")
    lines = [line(tx, entry, f"line_items[{index}]") for index, entry in enumerate(params["line_items"])]
    check_lines(lines, params)
    session = objects.checkout_session(
        created=now,
        base_url=tx.config.base_url,
        line_items=[
            objects.line_item(price=one.price, product=one.product, quantity=one.quantity, metadata=one.metadata)
            for one in lines
        ],
        params=params,
        known=known_contact(tx, params),
    )
    session["_details"] = [one.product["description"] for one in lines]
    return tx.put(session)


def check_expiry(expires_at: int | None, now: int) -> None:
    """A session lives between 30 minutes and 24 hours."""
    if expires_at is not None and expires_at < now + SHORTEST:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid(message, "expires_at")
    if expires_at is not None and expires_at > now + LONGEST:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid(message, "expires_at")


def line(tx: Transaction, asked: dict[str, Any], path: str) -> Line:
    """Find or make the price of one line."""
    if ("price" in asked) == ("price_data" in asked):
        raise invalid(f"Provide either `price` or `price_data` in {path}.", path)
    if "quantity" not in asked:
        raise invalid(f"Quantity is required. Add `quantity` to `{path}`.", f"{path}[quantity]", "parameter_missing")
    if "price" in asked:
        price = tx.get("price", asked["price"])
        if price is None:
            raise no_such("price", asked["price"], param=f"{path}[price]", status=400)
        if not price["active"]:
            raise invalid(f"The price specified is inactive: {price['id']}.", f"{path}[price]")
    else:
        # A price made for one session cannot be used for another one.
        price = catalogue.create_price(tx, {**asked["price_data"], "active": False}, f"{path}[price_data]")
    product = tx.existing("product", price["product"])
    return Line(price, product, asked["quantity"], asked.get("metadata", {}))


def check_lines(lines: list[Line], params: dict[str, Any]) -> None:
    """One currency, prices that fit the mode, and enough money to be worth a charge."""
    if not lines:
        raise invalid("You must provide at least one line item.", "line_items", "parameter_missing")
    currencies = {one.price["currency"] for one in lines} | ({params["currency"]} if "currency" in params else set())
    if len(currencies) > 1:
        raise invalid("All prices on a Checkout Session must expect to be paid in the same currency.", "line_items")
    recurring = [one for one in lines if one.price["type"] == "recurring"]
    if params["mode"] == "payment" and recurring:
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices."
        )
        raise invalid(message, "line_items")
    if params["mode"] == "subscription" and not recurring:
        message = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise invalid(message, "line_items")
    (currency,) = currencies
    total = sum(one.price["unit_amount"] * one.quantity for one in lines)
    least = CURRENCIES[currency].minimum
    if total < least:
        message = f"The Checkout Session's total amount due must add up to at least {written(least, currency)}."
        raise invalid(message, "line_items", "amount_too_small")
    if total > LARGEST_AMOUNT:
        message = f"The Checkout Session's total must be no more than {written(LARGEST_AMOUNT, currency)}."
        raise invalid(message, "line_items", "amount_too_large")


def known_contact(tx: Transaction, params: dict[str, Any]) -> Object | None:
    """What is known of the payer before the page is opened."""
    if "customer" in params:
        customer = tx.get("customer", params["customer"])
        if customer is None:
            raise no_such("customer", params["customer"], param="customer", status=400)
        return objects.contact(customer["email"], customer["name"], customer["phone"])
    return objects.contact(params["customer_email"]) if "customer_email" in params else None


def find(tx: Transaction, wanted: str) -> Object:
    """Return the session as it is now: one whose time is over expires when it is looked at."""
    session = tx.get("checkout.session", wanted)
    if session is None:
        raise no_such("checkout.session", wanted, param="session")
    if session["status"] == "open" and session["expires_at"] <= tx.now():
        close(tx, session)
    return session


def expire(tx: Transaction, wanted: str) -> Object:
    """End an open session on request; refused once it is complete or expired."""
    session = find(tx, wanted)
    if session["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
    close(tx, session)
    return session


def close(tx: Transaction, session: Object) -> None:
    """The session is over without a payment."""
    session.update(status="expired", url=None, _card=None)
    tx.put(session)
    if session["payment_intent"]:
        intents.cancel(tx, tx.existing("payment_intent", session["payment_intent"]), "expired")
    emit(tx, "checkout.session.expired", session)


def expire_due(tx: Transaction) -> None:
    """Expire every open session whose time is over."""
    now = tx.now()
    due = [item["id"] for item in tx.all("checkout.session") if item["status"] == "open" and item["expires_at"] <= now]
    for wanted in due:
        find(tx, wanted)


def pay(tx: Transaction, session: Object, card: Card, email: str | None) -> None:
    """Someone sends the form of the hosted page. Does nothing unless the session is open, so nobody pays twice."""
    if session["status"] != "open":
        return
    session["_notice"], session["_card"] = None, None
    session["_email"] = (session["customer_details"] or {}).get("email") or email or STAND_IN_EMAIL
    tx.put(session)
    intent = intent_of(tx, session)
    if card.code:
        session["_notice"] = card.message
        if intent:
            intents.decline(tx, intent, card, session["_email"])
    elif card.authenticates:
        session["_card"] = card.number
        if intent:
            intents.ask_for_authentication(tx, intent, f"{session['url']}/authenticate")
    else:
        complete(tx, session, intent, card)


def intent_of(tx: Transaction, session: Object) -> Object | None:
    """The session's intent, made at the first attempt to pay. A subscription's comes with its invoice."""
    if session["mode"] == "subscription":
        return None
    if session["payment_intent"]:
        return tx.existing("payment_intent", session["payment_intent"])
    if session["customer_creation"] == "always":
        session["customer"] = catalogue.create_customer(tx, {"email": session["_email"]})["id"]
    intent = intents.create(
        tx,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        data=session["_payment_intent_data"],
        types=session["payment_method_types"],
    )
    session["payment_intent"] = intent["id"]
    return intent


def authenticate(tx: Transaction, session: Object, *, succeeded: bool) -> None:
    """The answer of the 3-D Secure page. Without a payment that waits for it nothing happens."""
    if session["status"] != "open" or not session["_card"]:
        return
    card = CARDS[session["_card"]]
    session["_card"] = None
    tx.put(session)
    intent = intent_of(tx, session)
    if succeeded:
        complete(tx, session, intent, card)
        return
    session["_notice"] = AUTHENTICATION_NOTICE
    if intent:
        intents.fail_authentication(tx, intent)


def complete(tx: Transaction, session: Object, intent: Object | None, card: Card) -> None:
    """The patient is done. The money is here too, unless payments are set to arrive later."""
    details = session["customer_details"] or {}
    session["customer_details"] = objects.contact(session["_email"], details.get("name"), details.get("phone"))
    delayed = False
    if intent is None:
        billing.start_subscription(tx, session, card)
    elif tx.settings["delayed_payments"]:
        delayed = True
        intents.start_delayed(tx, intent, session["_email"])
    else:
        intents.take(tx, intent, card, session["_email"])
    session.update(status="complete", payment_status="unpaid" if delayed else "paid", url=None)
    emit(tx, "checkout.session.completed", tx.put(session))


def settle(tx: Transaction, wanted: str, *, succeeded: bool) -> Object:
    """A delayed payment arrives, or fails."""
    session = find(tx, wanted)
    intent = session["payment_intent"] and tx.existing("payment_intent", session["payment_intent"])
    if not intent or intent["status"] != "processing":
        raise refused("This session has no payment that is still on its way.")
    intents.settle_delayed(tx, intent, succeeded=succeeded)
    if succeeded:
        session["payment_status"] = "paid"
    emit(tx, f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}", tx.put(session))
    return session
