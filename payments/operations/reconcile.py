"""Repairing what webhooks missed."""

import logging
from datetime import timedelta

from django.db.models import Max

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
    last = StripeEvent.objects.aggregate(last=Max("received_at"))["last"] or clock.now()
    moment = max(last - LOOK_BACK, clock.now() - STRIPE_KEEPS)
    known = set(StripeEvent.objects.filter(received_at__gte=moment).values_list("stripe_id", flat=True))
    missed = [event for event in stripe.events_since(moment, sorted(HANDLERS)) if event["id"] not in known]
    for payload in reversed(missed):  # oldest first
        process_event(event_id=store_event(payload).pk)
    if missed:
        logger.warning("%s Stripe events had not arrived by webhook", len(missed))
    return len(missed)
