from payments.models.credits import Membership, MembershipGrant, MembershipPlan, Pass, PassEntry, PassType
from payments.models.orders import Order, Payment, Refund
from payments.models.provider import CheckoutSession, StripeEvent

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
    "Refund",
    "StripeEvent",
]
