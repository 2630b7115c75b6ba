"""Repairing what webhooks missed."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction

from core import clock
from payments import stripe
from payments.models import StripeEvent
from payments.operations.events import HANDLERS, process_event, store_event

LOOK_BACK = timedelta(hours=24)
STRIPE_KEEPS = timedelta(days=30)

logger = logging.getLogger(__name__)


def reconcile_with_stripe() -> int:
    """Fetch the events that Stripe has and we have not, work them in, and return how many there were.

    Looks back a day, or to the last event that arrived if that is longer ago.
    """
    last = StripeEvent.objects.order_by("-pk").values_list("received_at", flat=True).first() or clock.now()
    moment = max(last - LOOK_BACK, clock.now() - STRIPE_KEEPS)
    told = {payload["id"]: payload for payload in stripe.events_since(moment, sorted(HANDLERS))}
    missed = _store_missing(told)
    for event in missed:
        process_event(event_id=event.pk)
    if missed:
        logger.warning("%s Stripe events had not arrived by webhook", len(missed))
    return len(missed)


@transaction.atomic
def _store_missing(told: dict[str, dict[str, Any]]) -> list[StripeEvent]:
    """Keep those events that we have not, oldest first, and of one second by their ids.

    Two workers that are told the same events in another order store them in the same one, or each would wait for the
    other's. All or none: the next look goes back from the last event that is stored, so it would not find an older one
    again. If the worker dies after this, the sweep works them in.
    """
    known = set(StripeEvent.objects.filter(stripe_id__in=told).values_list("stripe_id", flat=True))
    missing = [payload for stripe_id, payload in told.items() if stripe_id not in known]
    return [store_event(payload) for payload in sorted(missing, key=lambda event: (event["created"], event["id"]))]
