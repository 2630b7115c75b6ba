"""How the tests book by program."""

from typing import Any

from scheduling.models import Slot
from tests.api.client import DescribedClient


def book(client: DescribedClient, slot: Slot | int | str, /, *, key: str = "", **fields: Any) -> Any:
    """Book a place in `slot` (or its number); `fields` go into the request as they are."""
    body = {"slot": slot.pk if isinstance(slot, Slot) else slot, "pay_with": "card"} | fields
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/v1/bookings/", body, format="json", headers=headers)
