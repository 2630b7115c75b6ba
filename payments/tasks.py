"""What workers do for payments; each may run twice, together or never: the rows decide."""

from celery import shared_task

from payments import operations
from payments.models import Refund, StripeEvent
from payments.sweep import sweep

BATCH = 100


@shared_task
def send_refund(refund_id: int) -> None:
    operations.send_refund(refund_id=refund_id)


@shared_task
def send_due_refunds() -> None:
    due = Refund.objects.due().order_by("next_try_at").values_list("pk", flat=True)
    sweep("refund", due[:BATCH], lambda refund_id: operations.send_refund(refund_id=refund_id))


@shared_task
def process_due_events() -> None:
    due = StripeEvent.objects.due().order_by("next_try_at").values_list("pk", flat=True)
    sweep("Stripe event", due[:BATCH], lambda event_id: operations.process_event(event_id=event_id))


# A long outage leaves many events to be listed before the first can be stored; shorter than the visibility timeout.
@shared_task(soft_time_limit=240, time_limit=270)
def reconcile_with_stripe() -> None:
    operations.reconcile_with_stripe()
