"""Which parameters each endpoint takes: the part of Stripe's that the sandbox really acts on or keeps.

Names and limits follow https://docs.stripe.com/api for the version in `objects.API_VERSION`.
"""

from .params import (
    LARGEST_AMOUNT,
    amount,
    boolean,
    cleared_or,
    currency,
    either,
    email,
    integer,
    list_of,
    metadata,
    metadata_change,
    one_of,
    record,
    text,
    url,
)

name = text(most=250)
reference = text(most=255)
moment = integer(least=0)

EXPAND = {"expand": list_of(text(most=200), most=20)}
SINCE = either(moment, record({"gt": moment, "gte": moment, "lt": moment, "lte": moment}))
PAGED = {
    **EXPAND,
    "created": SINCE,
    "limit": integer(least=1, most=100),
    "starting_after": reference,
    "ending_before": reference,
}


RETRIEVE = record(EXPAND)

RECURRING = record(
    {
        "interval": one_of("day", "week", "month", "year"),
        "interval_count": integer(least=1, most=1000),
        "usage_type": one_of("licensed"),
    },
    required=["interval"],
)
PRODUCT_DATA = record(
    {"name": name, "description": text(), "metadata": metadata, "tax_code": reference, "unit_label": reference},
    required=["name"],
)
PRICE_DATA = {
    "currency": currency,
    "product": reference,
    "product_data": PRODUCT_DATA,
    "recurring": RECURRING,
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
    "unit_amount": amount,
}
LINE_ITEM = record(
    {
        "price": reference,
        "price_data": record(PRICE_DATA, required=["currency", "unit_amount"]),
        "quantity": integer(least=1, most=999_999),
        "metadata": metadata,
    }
)
NOTE = cleared_or(record({"message": text(most=1200)}, required=["message"]))

SESSION_CREATE = record(
    {
        **EXPAND,
        "adaptive_pricing": record({"enabled": boolean}),
        "allow_promotion_codes": boolean,
        "automatic_tax": record({"enabled": one_of("false")}, required=["enabled"]),
        "billing_address_collection": one_of("auto", "required"),
        "cancel_url": url,
        "client_reference_id": text(most=200),
        "currency": currency,
        "custom_text": record({"submit": NOTE, "after_submit": NOTE, "terms_of_service_acceptance": NOTE}),
        "customer": reference,
        "customer_creation": one_of("always", "if_required"),
        "customer_email": email,
        "expires_at": moment,
        "line_items": list_of(LINE_ITEM),
        "locale": text(most=10, pattern=r"auto|[a-z]{2,3}(-[A-Za-z0-9]{2,4})?"),
        "metadata": metadata,
        "mode": one_of("payment", "subscription"),
        "origin_context": one_of("mobile_app", "web"),
        "payment_intent_data": record(
            {
                "capture_method": one_of("automatic", "automatic_async"),
                "description": text(most=1000),
                "metadata": metadata,
                "receipt_email": email,
                "setup_future_usage": one_of("off_session", "on_session"),
                "statement_descriptor": text(most=22),
                "statement_descriptor_suffix": text(most=22),
            }
        ),
        "payment_method_types": list_of(text(most=40, pattern=r"[a-z0-9_]+"), most=20),
        "phone_number_collection": record({"enabled": boolean}, required=["enabled"]),
        "submit_type": one_of("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": record({"description": text(most=500), "metadata": metadata}),
        "success_url": url,
        "ui_mode": one_of("hosted_page"),
    },
    required=["mode", "success_url", "line_items"],
)
SESSION_LIST = record(
    {
        **PAGED,
        "customer": reference,
        "customer_details": record({"email": email}, required=["email"]),
        "payment_intent": reference,
        "status": one_of("open", "complete", "expired"),
        "subscription": reference,
    }
)
SESSION_LINE_ITEMS = record({name: field for name, field in PAGED.items() if name != "created"})

INTENT_LIST = record({**PAGED, "customer": reference})
CHARGE_LIST = record({**PAGED, "customer": reference, "payment_intent": reference})

REFUND_CREATE = record(
    {
        **EXPAND,
        "amount": integer(least=1, most=LARGEST_AMOUNT),
        "charge": reference,
        "metadata": metadata,
        "payment_intent": reference,
        "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    }
)
REFUND_LIST = record({**PAGED, "charge": reference, "payment_intent": reference})
DISPUTE_LIST = REFUND_LIST

ADDRESS = record(
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), text(most=500, empty=True))
)
CUSTOMER = {
    **EXPAND,
    "address": cleared_or(ADDRESS),
    "description": cleared_or(text(most=500)),
    "email": cleared_or(email),
    "name": cleared_or(text(most=256)),
    "phone": cleared_or(text(most=50)),
    "preferred_locales": list_of(text(most=10)),
}
CUSTOMER_CREATE = record({**CUSTOMER, "metadata": metadata})
CUSTOMER_UPDATE = record({**CUSTOMER, "metadata": metadata_change})
CUSTOMER_LIST = record({**PAGED, "email": email})

PRODUCT_CREATE = record(
    {
        **EXPAND,
        "active": boolean,
        "description": text(),
        "id": text(most=255, pattern=r"[A-Za-z0-9_.-]+"),
        "metadata": metadata,
        "name": name,
        "tax_code": reference,
        "unit_label": reference,
    },
    required=["name"],
)
PRODUCT_LIST = record({**PAGED, "active": boolean})
PRICE_CREATE = record(
    {**EXPAND, **PRICE_DATA, "active": boolean, "lookup_key": text(most=200), "metadata": metadata, "nickname": name},
    required=["currency", "unit_amount"],
)
PRICE_LIST = record({**PAGED, "active": boolean, "product": reference, "lookup_keys": list_of(text(most=200), most=10)})

CANCELLATION = record(
    {
        "comment": cleared_or(text()),
        "feedback": cleared_or(
            one_of(
                "customer_service",
                "low_quality",
                "missing_features",
                "other",
                "switched_service",
                "too_complex",
                "too_expensive",
                "unused",
            )
        ),
    }
)
SUBSCRIPTION_UPDATE = record(
    {
        **EXPAND,
        "cancel_at_period_end": boolean,
        "cancellation_details": CANCELLATION,
        "description": cleared_or(text(most=500)),
        "metadata": metadata_change,
    }
)
SUBSCRIPTION_CANCEL = record(
    {**EXPAND, "cancellation_details": CANCELLATION, "invoice_now": one_of("false"), "prorate": one_of("false")}
)
SUBSCRIPTION_LIST = record(
    {
        **PAGED,
        "customer": reference,
        "price": reference,
        "status": one_of("active", "all", "canceled", "ended", "incomplete", "past_due"),
    }
)
INVOICE_LIST = record(
    {
        **PAGED,
        "customer": reference,
        "status": one_of("draft", "open", "paid", "uncollectible", "void"),
        "subscription": reference,
    }
)
EVENT_LIST = record(
    {**PAGED, "delivery_success": boolean, "type": text(most=100), "types": list_of(text(most=100), most=20)}
)
