from payments.models.credits import Membership, MembershipGrant, MembershipPlan, Pass, PassEntry, PassType
from payments.models.orders import Order, Payment, Refund
from payments.models.provider import CheckoutSession, Reconciliation, StripeEvent

__all__ = [
    "CheckoutSession",
    "Membership",
    "MembershipGrant",
    "MembershipPlan",
    "Order",
    "Pass",
    "PassEntry",
    "PassType",
    "Payment",
    "Reconciliation",
    "Refund",
    "StripeEvent",
]
