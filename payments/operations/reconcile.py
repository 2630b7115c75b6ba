"""Repairing what webhooks missed."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from core import clock
from payments import stripe
from payments.models import Reconciliation, StripeEvent
from payments.operations.events import HANDLERS, process_event, store_event

LOOK_BACK = timedelta(hours=24)
STRIPE_KEEPS = timedelta(days=30)

logger = logging.getLogger(__name__)


def reconcile_with_stripe() -> int:
    """Fetch the events that Stripe has and we have not, work them in, and return how many there were.

    Looks back to a day before the last look that succeeded; the first one as far as Stripe remembers. Events that
    came by webhook meanwhile say nothing about those that did not.
    """
    now = clock.now()
    told = {payload["id"]: payload for payload in stripe.events_since(_beginning(now), sorted(HANDLERS))}
    missed = _store_missing(told, looked_at=now)
    for event in missed:
        process_event(event_id=event.pk)
    if missed:
        logger.warning("%s Stripe events had not arrived by webhook", len(missed))
    return len(missed)


def _beginning(now: datetime) -> datetime:
    longest = now - STRIPE_KEEPS
    last = Reconciliation.objects.values_list("looked_at", flat=True).first()
    return max(last - LOOK_BACK, longest) if last else longest


@transaction.atomic
def _store_missing(told: dict[str, dict[str, Any]], *, looked_at: datetime) -> list[StripeEvent]:
    """Keep those events that we have not, oldest first, and of one second by their ids.

    Two workers that are told the same events in another order store them in the same one, or each would wait for the
    other's. All or none, with the note that this look succeeded: the next one goes back only to it. If the worker dies
    after this, the sweep works them in.
    """
    known = set(StripeEvent.objects.filter(stripe_id__in=told).values_list("stripe_id", flat=True))
    missing = [payload for stripe_id, payload in told.items() if stripe_id not in known]
    in_order = sorted(missing, key=lambda event: (event["created"], event["id"]))
    stored = [store_event(payload) for payload in in_order]
    Reconciliation.objects.update_or_create(pk=Reconciliation.THE_ONLY, defaults={"looked_at": looked_at})
    return stored
