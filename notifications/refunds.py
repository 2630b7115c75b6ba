"""Of which refund a message tells."""

from notifications.models import Message
from payments.models import Refund

PREFIX = "refund "


def occasion_of_refund(refund: Refund) -> str:
    """The refund that a message tells of; each is told once, however often it has to be tried."""
    return f"{PREFIX}{refund.pk}"


def refund_of(message: Message) -> Refund | None:
    """The refund that the message tells of, with its payment; None where it tells of none."""
    if not message.occasion.startswith(PREFIX):
        return None
    return Refund.objects.select_related("payment").get(pk=message.occasion.removeprefix(PREFIX))
