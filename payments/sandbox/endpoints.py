"""The endpoints of Stripe's API that the sandbox speaks: method, path, accepted parameters, and what they do."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import accepted, billing, catalogue, checkout, refunds
from .errors import ApiError, no_such
from .params import Field
from .render import page, public, session_line_items
from .state import Object, Transaction

Params = dict[str, Any]
Action = Callable[..., Object]


@dataclass(frozen=True)
class Endpoint:
    """One way in. The action gets the transaction, the checked parameters and what the path names."""

    method: str
    pattern: re.Pattern[str]
    field: Field
    action: Action


ENDPOINTS: list[Endpoint] = []


def endpoint(method: str, path: str, field: Field) -> Callable[[Action], Action]:
    """Register an action for a path such as `/v1/refunds/{wanted}`."""

    def register(action: Action) -> Action:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_.-]+)", path))
        ENDPOINTS.append(Endpoint(method, pattern, field, action))
        return action

    return register


def find_endpoint(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """Return the endpoint for a request, and what its path names."""
    for candidate in ENDPOINTS:
        match = candidate.pattern.fullmatch(path)
        if match and candidate.method == method:
            return candidate, match.groupdict()
    message = f"Unrecognized request URL ({method}: {path}). The sandbox speaks only the endpoints that Sukha uses."
    raise ApiError(message, status=404)


def retrieved(kind: str, url: str, *, param: str = "id") -> None:
    """Register the retrieval of a kind that nothing has to be done for."""

    @endpoint("GET", f"{url}/{{wanted}}", accepted.RETRIEVE)
    def retrieve(tx: Transaction, params: Params, wanted: str) -> Object:
        found = tx.get(kind, wanted)
        if found is None:
            raise no_such(kind, wanted, param=param)
        return public(found)


def listed(kind: str, url: str, field: Field, *filters: str) -> None:
    """Register a list that may be filtered by fields of the same name."""

    @endpoint("GET", url, field)
    def list_page(tx: Transaction, params: Params) -> Object:
        wanted = {name: params[name] for name in filters if name in params}
        return page(tx, kind, params, url, lambda item: all(item[name] == value for name, value in wanted.items()))


# Checkout


@endpoint("POST", "/v1/checkout/sessions", accepted.SESSION_CREATE)
def create_session(tx: Transaction, params: Params) -> Object:
    """Open a session."""
    return public(checkout.create(tx, params))


@endpoint("GET", "/v1/checkout/sessions", accepted.SESSION_LIST)
def list_sessions(tx: Transaction, params: Params) -> Object:
    """List sessions."""
    checkout.expire_due(tx)
    names = [name for name in ("customer", "payment_intent", "status", "subscription") if name in params]
    email = params.get("customer_details", {}).get("email")

    def keep(item: Object) -> bool:
        if email and (item["customer_details"] or {}).get("email") != email:
            return False
        return all(item[name] == params[name] for name in names)

    return page(tx, "checkout.session", params, "/v1/checkout/sessions", keep)


@endpoint("GET", "/v1/checkout/sessions/{wanted}", accepted.RETRIEVE)
def retrieve_session(tx: Transaction, params: Params, wanted: str) -> Object:
    """Return a session as it is now."""
    return public(checkout.find(tx, wanted))


@endpoint("POST", "/v1/checkout/sessions/{wanted}/expire", accepted.RETRIEVE)
def expire_session(tx: Transaction, params: Params, wanted: str) -> Object:
    """End an open session."""
    return public(checkout.expire(tx, wanted))


@endpoint("GET", "/v1/checkout/sessions/{wanted}/line_items", accepted.SESSION_LINE_ITEMS)
def list_line_items(tx: Transaction, params: Params, wanted: str) -> Object:
    """Return what a session sells, all on one page."""
    return session_line_items(tx, checkout.find(tx, wanted))


# Payments

retrieved("payment_intent", "/v1/payment_intents", param="intent")
listed("payment_intent", "/v1/payment_intents", accepted.INTENT_LIST, "customer")
retrieved("charge", "/v1/charges")
listed("charge", "/v1/charges", accepted.CHARGE_LIST, "customer", "payment_intent")


@endpoint("POST", "/v1/refunds", accepted.REFUND_CREATE)
def create_refund(tx: Transaction, params: Params) -> Object:
    """Send money back."""
    return public(refunds.create(tx, params))


retrieved("refund", "/v1/refunds")
listed("refund", "/v1/refunds", accepted.REFUND_LIST, "charge", "payment_intent")
retrieved("dispute", "/v1/disputes")
listed("dispute", "/v1/disputes", accepted.DISPUTE_LIST, "charge", "payment_intent")


# Customers and catalogue


@endpoint("POST", "/v1/customers", accepted.CUSTOMER_CREATE)
def create_customer(tx: Transaction, params: Params) -> Object:
    """Make a customer."""
    return public(catalogue.create_customer(tx, params))


@endpoint("POST", "/v1/customers/{wanted}", accepted.CUSTOMER_UPDATE)
def update_customer(tx: Transaction, params: Params, wanted: str) -> Object:
    """Change a customer."""
    return public(catalogue.update_customer(tx, wanted, params))


retrieved("customer", "/v1/customers")
listed("customer", "/v1/customers", accepted.CUSTOMER_LIST, "email")


@endpoint("POST", "/v1/products", accepted.PRODUCT_CREATE)
def create_product(tx: Transaction, params: Params) -> Object:
    """Make a product."""
    return public(catalogue.create_product(tx, params))


retrieved("product", "/v1/products")
listed("product", "/v1/products", accepted.PRODUCT_LIST, "active")


@endpoint("POST", "/v1/prices", accepted.PRICE_CREATE)
def create_price(tx: Transaction, params: Params) -> Object:
    """Make a price."""
    return public(catalogue.create_price(tx, params))


retrieved("price", "/v1/prices", param="price")


@endpoint("GET", "/v1/prices", accepted.PRICE_LIST)
def list_prices(tx: Transaction, params: Params) -> Object:
    """List prices, by lookup key too."""
    names = [name for name in ("active", "product") if name in params]
    keys = params.get("lookup_keys")

    def keep(item: Object) -> bool:
        return (not keys or item["lookup_key"] in keys) and all(item[name] == params[name] for name in names)

    return page(tx, "price", params, "/v1/prices", keep)


# Subscriptions and invoices


@endpoint("GET", "/v1/subscriptions", accepted.SUBSCRIPTION_LIST)
def list_subscriptions(tx: Transaction, params: Params) -> Object:
    """List subscriptions; without a status, those that have not ended."""
    status = params.get("status")

    def keep(item: Object) -> bool:
        if "customer" in params and item["customer"] != params["customer"]:
            return False
        if "price" in params and all(entry["price"]["id"] != params["price"] for entry in item["items"]["data"]):
            return False
        if status is None:
            return bool(item["status"] != "canceled")
        return status == "all" or bool(item["status"] == {"ended": "canceled"}.get(status, status))

    return page(tx, "subscription", params, "/v1/subscriptions", keep)


retrieved("subscription", "/v1/subscriptions")


@endpoint("POST", "/v1/subscriptions/{wanted}", accepted.SUBSCRIPTION_UPDATE)
def update_subscription(tx: Transaction, params: Params, wanted: str) -> Object:
    """Change a subscription."""
    return public(billing.update(tx, wanted, params))


@endpoint("DELETE", "/v1/subscriptions/{wanted}", accepted.SUBSCRIPTION_CANCEL)
def cancel_subscription(tx: Transaction, params: Params, wanted: str) -> Object:
    """End a subscription now."""
    return public(billing.cancel(tx, wanted, params))


@endpoint("GET", "/v1/invoices", accepted.INVOICE_LIST)
def list_invoices(tx: Transaction, params: Params) -> Object:
    """List invoices."""
    names = [name for name in ("customer", "status") if name in params]
    subscription = params.get("subscription")

    def keep(item: Object) -> bool:
        if subscription and item["parent"]["subscription_details"]["subscription"] != subscription:
            return False
        return all(item[name] == params[name] for name in names)

    return page(tx, "invoice", params, "/v1/invoices", keep)


retrieved("invoice", "/v1/invoices")


# Events


@endpoint("GET", "/v1/events", accepted.EVENT_LIST)
def list_events(tx: Transaction, params: Params) -> Object:
    """List events by type and by whether they have reached the webhook."""
    if "type" in params and "types" in params:
        raise ApiError("You may only specify one of these parameters: type, types.", param="type")
    types = params.get("types") or [params.get("type", "*")]
    delivered = params.get("delivery_success")

    def keep(item: Object) -> bool:
        if delivered is not None and delivered != (item["pending_webhooks"] == 0):
            return False
        return any(matches(item["type"], wanted) for wanted in types)

    return page(tx, "event", params, "/v1/events", keep)


def matches(kind: str, wanted: str) -> bool:
    """Compare an event's type with a name that may end in `*`."""
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


retrieved("event", "/v1/events")
