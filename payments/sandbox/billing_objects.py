"""Customers, products, prices, subscriptions and invoices in the shape of Stripe's API; see `objects.py`."""

from typing import Any

from .events import new_id
from .objects import automatic_tax, nothing
from .state import Object


def customer(*, created: int, params: dict[str, Any], number: int) -> Object:
    """A payer. `number` makes the prefix of the invoices."""
    return {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": params.get("address"),
        "balance": 0,
        "created": created,
        "delinquent": False,
        "description": params.get("description"),
        "email": params.get("email"),
        "invoice_prefix": f"SBX{number:05}",
        "invoice_settings": nothing("custom_fields", "default_payment_method", "footer", "rendering_options"),
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales", []),
        "tax_exempt": "none",
        **nothing("currency", "customer_account", "default_source", "discount", "shipping", "test_clock"),
    }


def product(*, created: int, params: dict[str, Any]) -> Object:
    """What is sold."""
    return {
        "id": params.get("id") or new_id("prod", 14),
        "object": "product",
        "active": params.get("active", True),
        "created": created,
        "description": params.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": params.get("metadata", {}),
        "name": params["name"],
        "tax_code": params.get("tax_code"),
        "type": "service",
        "unit_label": params.get("unit_label"),
        "updated": created,
        **nothing("default_price", "package_dimensions", "shippable", "statement_descriptor", "url"),
    }


def price(*, created: int, product_id: str, params: dict[str, Any]) -> Object:
    """What one of a product costs, once or each period."""
    recurring = params.get("recurring")
    return {
        "id": new_id("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": "per_unit",
        "created": created,
        "currency": params["currency"],
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": params.get("metadata", {}),
        "nickname": params.get("nickname"),
        "product": product_id,
        "recurring": recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "usage_type": "licensed",
            **nothing("meter", "trial_period_days"),
        },
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": params["unit_amount"],
        "unit_amount_decimal": str(params["unit_amount"]),
        **nothing("custom_unit_amount", "tiers_mode", "transform_quantity"),
    }


def plan(price: Object) -> Object:
    """The older name of a recurring price, still part of a subscription's items."""
    same = "id active billing_scheme created currency livemode metadata nickname product tiers_mode"
    return {
        **{key: price[key] for key in same.split()},
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "usage_type": "licensed",
        **nothing("meter", "transform_usage", "trial_period_days"),
    }


def subscription_item(*, created: int, subscription_id: str, price: Object, quantity: int, end: int) -> Object:
    """One recurring price within a subscription."""
    return {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": end,
        "current_period_start": created,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    }


def subscription(*, made: str, created: int, customer_id: str, items: list[Object], data: dict[str, Any]) -> Object:
    """An active subscription. `data` are the `subscription_data` of the session."""
    return {
        "id": made,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": nothing("comment", "feedback", "reason"),
        "collection_method": "charge_automatically",
        "created": created,
        "currency": items[0]["price"]["currency"],
        "customer": customer_id,
        "default_payment_method": new_id("pm"),
        "default_tax_rates": [],
        "description": data.get("description"),
        "discounts": [],
        "invoice_settings": {
            **nothing("account_tax_ids", "custom_fields", "description", "footer"),
            "issuer": {"type": "self"},
        },
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={made}",
        },
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": data.get("metadata", {}),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": created,
        "status": "active",
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        **nothing("application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds"),
        **nothing("cancel_at", "canceled_at", "customer_account", "days_until_due", "default_source", "ended_at"),
        **nothing("latest_invoice", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection"),
        **nothing("pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule", "test_clock"),
        **nothing("transfer_data", "trial_end", "trial_start"),
    }


def invoice_line(
    *, invoice_id: str, price: Object, product: Object, quantity: int, period: tuple[int, int], item: Object | None
) -> Object:
    """One line of a subscription's invoice; `item` is the subscription item, absent for a one-time price."""
    total = price["unit_amount"] * quantity
    details = item and {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": total,
        "currency": price["currency"],
        "description": f"{quantity} × {product['name']}",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": details
        and {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": product["id"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": item and item["subscription"],
        "subtotal": total,
        "taxes": [],
    }


def invoice(
    *,
    made: str,
    created: int,
    subscription: Object,
    customer: Object,
    lines: list[Object],
    reason: str,
    period: tuple[int, int],
) -> Object:
    """A finalized invoice that waits for its payment. Its `period` is the last one, that of its lines the new."""
    return {
        "id": made,
        "object": "invoice",
        "account_country": "DE",
        "account_name": "Sukha sandbox",
        "automatic_tax": automatic_tax(disabled_reason=None),
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": subscription["currency"],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{made}/lines"},
        "livemode": False,
        "metadata": {},
        "parent": {
            "quote_details": None,
            "subscription_details": {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]},
            "type": "subscription_details",
        },
        "period_end": period[1],
        "period_start": period[0],
        **invoice_state(created),
        **invoice_sums(sum(line["amount"] for line in lines)),
        **invoice_customer(customer),
        **nothing("account_tax_ids", "application", "custom_fields", "description", "due_date", "footer"),
        **nothing("from_invoice", "hosted_invoice_url", "invoice_pdf", "latest_revision", "on_behalf_of"),
        **nothing("receipt_number", "rendering", "shipping_cost", "shipping_details", "statement_descriptor"),
        **nothing("test_clock"),
        "_payments": [],
    }


def invoice_state(finalized_at: int) -> Object:
    """How far the paying of a finalized invoice has come: nobody has tried yet."""
    return {
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "effective_at": finalized_at,
        "payment_settings": nothing("default_mandate", "payment_method_options", "payment_method_types"),
        "status": "open",
        "status_transitions": {
            **nothing("marked_uncollectible_at", "paid_at", "voided_at"),
            "finalized_at": finalized_at,
        },
        "webhooks_delivered_at": finalized_at,
        **nothing("automatically_finalizes_at", "default_payment_method", "default_source"),
        **nothing("last_finalization_error", "next_payment_attempt"),
    }


def invoice_sums(total: int) -> Object:
    """All of `total` is due, without tax, discount, shipping or balance."""
    return {
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": total,
        "amount_shipping": 0,
        "ending_balance": 0,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def invoice_customer(customer: Object) -> Object:
    """What an invoice keeps of its customer, and its number, the next of theirs."""
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}",
        **nothing("customer_account", "customer_shipping"),
    }


def invoice_payment(*, created: int, invoice: Object, intent_id: str, paid: bool) -> Object:
    """How the money of an invoice came, or did not come."""
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": invoice["total"] if paid else None,
        "amount_requested": invoice["total"],
        "created": created,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent_id, "type": "payment_intent"},
        "status": "paid" if paid else "open",
        "status_transitions": {"canceled_at": None, "paid_at": created if paid else None},
    }
