"""What workers do for payments; each may run twice, together or never: the rows decide."""

from celery import shared_task

from payments import operations
from payments.models import Refund, StripeEvent

BATCH = 100


@shared_task
def send_refund(refund_id: int) -> None:
    operations.send_refund(refund_id=refund_id)


@shared_task
def send_due_refunds() -> None:
    for refund_id in Refund.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:BATCH]:
        operations.send_refund(refund_id=refund_id)


@shared_task
def process_due_events() -> None:
    for event_id in StripeEvent.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:BATCH]:
        operations.process_event(event_id=event_id)


@shared_task
def reconcile_with_stripe() -> None:
    operations.reconcile_with_stripe()
