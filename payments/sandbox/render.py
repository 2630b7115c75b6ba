"""What leaves the sandbox: objects without their private keys, expanded references, and pages of lists."""

import copy
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from .errors import ApiError, no_such
from .params import invalid
from .state import Object, Transaction

DEEPEST_EXPANSION = 4

# The field names that hold ids, and what they lead to. A name means the same in every object.
REFERENCES = {
    "charge": "charge",
    "customer": "customer",
    "default_price": "price",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "price": "price",
    "product": "product",
    "subscription": "subscription",
}


def public(item: Object) -> Object:
    """Return a copy without the sandbox's own keys."""
    return {key: copy.deepcopy(value) for key, value in item.items() if not key.startswith("_")}


def as_list(entries: list[Object], url: str, *, has_more: bool = False) -> Object:
    """Wrap entries in a list object."""
    return {"object": "list", "data": entries, "has_more": has_more, "url": url}


def session_line_items(tx: Transaction, session: Object) -> Object:
    """The line items of a session, which it only shows when asked."""
    stored = tx.existing("checkout.session", session["id"])
    return as_list(copy.deepcopy(stored["_line_items"]), f"/v1/checkout/sessions/{session['id']}/line_items")


def charge_refunds(tx: Transaction, charge: Object) -> Object:
    """The refunds of a charge, newest first."""
    refunds = [public(refund) for refund in tx.all("refund") if refund["charge"] == charge["id"]]
    return as_list(refunds, f"/v1/charges/{charge['id']}/refunds")


def invoice_payments(tx: Transaction, invoice: Object) -> Object:
    """How an invoice was paid."""
    stored = tx.existing("invoice", invoice["id"])
    return as_list(copy.deepcopy(stored["_payments"]), f"/v1/invoice_payments?invoice={invoice['id']}")


# Left out of an object unless expanded.
INCLUDABLE: dict[tuple[str, str], Callable[[Transaction, Object], Object]] = {
    ("checkout.session", "line_items"): session_line_items,
    ("charge", "refunds"): charge_refunds,
    ("invoice", "payments"): invoice_payments,
}


def expanded(tx: Transaction, item: Object, paths: list[str]) -> Object:
    """Replace the references that the paths name (`payment_intent.latest_charge`, `data.customer`) by their objects."""
    for path in paths:
        if path.count(".") >= DEEPEST_EXPANSION:
            raise invalid(f"You cannot expand more than {DEEPEST_EXPANSION} levels of a property ({path}).", "expand")
        expand(tx, item, path.split("."), path)
    return item


def expand(tx: Transaction, item: Object, names: list[str], path: str) -> None:
    """Expand one path inside an object, in place."""
    name, *rest = names
    include = INCLUDABLE.get((item.get("object", ""), name))
    is_reference = name in item and name in REFERENCES
    value = item.get(name)
    if include and name not in item:
        value = item[name] = include(tx, item)
    elif is_reference and isinstance(value, str):
        value = item[name] = public(tx.existing(REFERENCES[name], value))
    elif not include and not is_reference and not (rest and isinstance(value, dict | list)):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if rest:
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                expand(tx, entry, rest, path)


def in_range(created: int, wanted: int | dict[str, int]) -> bool:
    """Check the `created` filter: a moment, or bounds named gt, gte, lt and lte."""
    if isinstance(wanted, int):
        return created == wanted
    return (
        created > wanted.get("gt", -1)
        and created >= wanted.get("gte", 0)
        and created < wanted.get("lt", created + 1)
        and created <= wanted.get("lte", created)
    )


def page(
    tx: Transaction, kind: str, params: dict[str, Any], url: str, keep: Callable[[Object], bool] = lambda item: True
) -> Object:
    """Return one page of a list, newest first, after or before a cursor (https://docs.stripe.com/api/pagination)."""
    limit, after, before = params.get("limit", 10), params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise ApiError("You cannot use both starting_after and ending_before.", param="ending_before")
    for param, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor and tx.get(kind, cursor) is None:
            raise no_such(kind, cursor, param=param, status=400)

    def wanted(item: Object) -> bool:
        return keep(item) and in_range(item["created"], params.get("created", {}))

    items = iter(tx.all(kind))
    if before:
        newer: deque[Object] = deque(maxlen=limit + 1)
        for item in items:
            if item["id"] == before:
                break
            if wanted(item):
                newer.append(item)
        found, has_more = list(newer)[-limit:], len(newer) > limit
    else:
        if after:
            next(item for item in items if item["id"] == after)
        found = list(islice(filter(wanted, items), limit + 1))
        found, has_more = found[:limit], len(found) > limit
    return as_list([public(item) for item in found], url, has_more=has_more)
