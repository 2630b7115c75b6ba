"""Payment objects in the shape of Stripe's API: checkout sessions, payment intents, charges, refunds, disputes.

Key names are facts of the API (https://docs.stripe.com/api) for the version in `events.API_VERSION`; the tests hold
them against the official SDK's types. A builder takes what varies; the rest is that of a plain card payment.
"""

from collections.abc import Iterable
from typing import Any

from .cards import Card
from .events import new_id
from .state import Object

ADDRESS_KEYS = ("city", "country", "line1", "line2", "postal_code", "state")
TAKEN_OVER = (
    *("allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id"),
    *("locale", "origin_context", "submit_type"),
)


def nothing(*keys: str) -> dict[str, Any]:
    """Keys that are null here."""
    return dict.fromkeys(keys)


def automatic_tax(**more: Any) -> Object:
    """Tax is the clinic's own business."""
    return {"enabled": False, "liability": None, "provider": None, "status": None, **more}


def contact(email: str | None, name: str | None = None, phone: str | None = None) -> Object:
    """The `customer_details` of a session."""
    return {
        "address": nothing(*ADDRESS_KEYS),
        **nothing("business_name", "individual_name"),
        "email": email,
        "name": name,
        "phone": phone,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def line_item(*, price: Object, product: Object, quantity: int, metadata: dict[str, str]) -> Object:
    """One line of a checkout session."""
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": metadata,
        "price": price,
        "quantity": quantity,
    }


def checkout_session(
    *, created: int, base_url: str, line_items: list[Object], params: dict[str, Any], known: Object | None
) -> Object:
    """An open hosted session, made of the checked parameters and what is known of the customer."""
    made = new_id("cs_test", 58)
    return {
        "id": made,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": automatic_tax(),
        "created": created,
        "currency": line_items[0]["currency"],
        "custom_fields": [],
        "discounts": [],
        "expires_at": params.get("expires_at", created + 24 * 3600),
        "livemode": False,
        "managed_payments": {"enabled": False},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": f"{base_url}/c/pay/{made}",
        **as_asked(params),
        **session_customer(params, known),
        **session_sums(line_items),
        **nothing("after_expiration", "client_secret", "collected_information", "consent", "consent_collection"),
        **nothing("currency_conversion", "integration_identifier", "invoice", "payment_intent", "payment_link"),
        **nothing("payment_method_configuration_details", "permissions", "recovered_from"),
        **nothing("saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost"),
        **nothing("subscription", "wallet_options"),
        "_line_items": line_items,
        "_details": [],
        "_payment_intent_data": params.get("payment_intent_data", {}),
        "_subscription_data": params.get("subscription_data", {}),
        "_email": None,
        "_card": None,
        "_notice": None,
    }


def as_asked(params: dict[str, Any]) -> Object:
    """What a session takes over from its parameters, and how it is paid in the mode that they ask for."""
    paying = params["mode"] == "payment"
    return {
        **{key: params.get(key) for key in TAKEN_OVER},
        "custom_text": {
            **nothing("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
            **params.get("custom_text", {}),
        },
        "invoice_creation": invoice_creation() if paying else None,
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "payment_method_collection": "if_required" if paying else "always",
        "payment_method_types": params.get("payment_method_types", ["card"]),
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "success_url": params["success_url"],
    }


def session_customer(params: dict[str, Any], known: Object | None) -> Object:
    """Who pays: a customer who exists already, or one who may be made of what the page asks."""
    customer = params.get("customer")
    made_if = params.get("customer_creation", "if_required")
    return {
        "customer": customer,
        "customer_account": None,
        "customer_creation": made_if if params["mode"] == "payment" and not customer else None,
        "customer_details": known,
        "customer_email": params.get("customer_email"),
    }


def session_sums(line_items: list[Object]) -> Object:
    """The sum of the lines, without tax, discount or shipping."""
    total = sum(item["amount_total"] for item in line_items)
    return {
        "amount_subtotal": total,
        "amount_total": total,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }


def invoice_creation() -> Object:
    """A one-time payment makes no invoice."""
    data = {**nothing("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")}
    return {"enabled": False, "invoice_data": {**data, "metadata": {}}}


def payment_intent(
    *, created: int, amount: int, currency: str, customer: str | None, data: dict[str, Any], types: Iterable[str]
) -> Object:
    """An intent that waits for a card. `data` are the `payment_intent_data` of the session."""
    made = new_id("pi")
    return {
        "id": made,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{made}_secret_{new_id('s')}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": customer,
        "description": data.get("description"),
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "payment_method_options": {"card": nothing("installments", "mandate_options", "network")},
        "payment_method_types": list(types),
        "receipt_email": data.get("receipt_email"),
        "setup_future_usage": data.get("setup_future_usage"),
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        **nothing("application", "application_fee_amount", "automatic_payment_methods", "canceled_at"),
        **nothing("cancellation_reason", "customer_account", "excluded_payment_method_types", "last_payment_error"),
        **nothing("latest_charge", "managed_payments", "next_action", "on_behalf_of", "payment_method"),
        **nothing("payment_method_configuration_details", "processing", "review", "shipping", "source"),
        **nothing("transfer_data", "transfer_group"),
    }


def card_error(card: Card, charge: str) -> Object:
    """The `last_payment_error` of an intent whose card was declined."""
    error = {
        "charge": charge,
        "code": card.code,
        "decline_code": card.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{(card.code or '').replace('_', '-')}",
        "message": card.message,
        "type": "card_error",
    }
    return {key: value for key, value in error.items() if value is not None}


def charge(*, created: int, intent: Object, card: Card, status: str, email: str | None) -> Object:
    """An attempt to take an intent's money: `status` is succeeded, pending or failed."""
    paid, failed = status == "succeeded", status == "failed"
    amount = intent["amount"]
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": new_id("txn") if paid else None,
        "billing_details": {
            "address": nothing(*ADDRESS_KEYS),
            "email": email,
            **nothing("name", "phone", "tax_id"),
        },
        "calculated_statement_descriptor": "SUKHA SANDBOX",
        "captured": paid,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": card.code if failed else None,
        "failure_message": card.message if failed else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": outcome(card, status),
        "paid": not failed and paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"] or new_id("pm"),
        "payment_method_details": {"card": card_details(card, amount), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        **nothing("application", "application_fee", "application_fee_amount", "failure_balance_transaction"),
        **nothing("on_behalf_of", "receipt_number", "receipt_url", "review", "shipping", "source", "source_transfer"),
        **nothing("transfer_data", "transfer_group"),
    }


def outcome(card: Card, status: str) -> Object:
    """Why a charge went as it did."""
    failed = status == "failed"
    return {
        "advice_code": "try_again_later" if failed else None,
        "network_advice_code": None,
        "network_decline_code": "05" if failed else None,
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": (card.decline_code or card.code) if failed else None,
        "risk_level": "normal",
        "risk_score": 10,
        "seller_message": "The bank did not approve the payment." if failed else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def card_details(card: Card, amount: int) -> Object:
    """What a charge tells of its card."""
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": new_id("3ds"),
        "version": "2.2.0",
    }
    return {
        "amount_authorized": amount,
        "authorization_code": "123456",
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": f"sandbox{card.last4 or '0000'}",
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "last4": card.last4,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": secure if card.authenticates else None,
        **nothing(
            "installments", "mandate", "network_transaction_id", "regulated_status", "transaction_link_id", "wallet"
        ),
    }


def refund(
    *, created: int, charge: Object, amount: int, status: str, reason: str | None, metadata: dict[str, str]
) -> Object:
    """Money on its way back to the card."""
    item = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None if status == "failed" else new_id("txn"),
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {"card": {"type": "pending" if status == "pending" else "refund"}, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "status": status,
        **nothing("customer_account", "receipt_number", "source_transfer_reversal", "transfer_reversal"),
    }
    if status == "pending":
        item["pending_reason"] = "processing"
    return item


EVIDENCE_KEYS = """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip
    customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
    product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation
    service_date service_documentation shipping_address shipping_carrier shipping_date
    shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text
"""


def dispute(*, created: int, charge: Object, amount: int, reason: str) -> Object:
    """A payment that the patient's bank takes back until someone answers."""
    return {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**nothing(*EVIDENCE_KEYS.split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": created + 9 * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
