"""What went wrong with money and waits for a person."""

from payments.models import Refund, StripeEvent


def money_troubles() -> dict[str, int]:
    """How many refunds failed and are still owed, and how many events of Stripe were set aside."""
    return {
        "failed_refunds": Refund.objects.failed_and_owed().count(),
        "set_aside": StripeEvent.objects.set_aside().count(),
    }
