"""What workers do for accounts; each may run twice, together or never."""

from celery import shared_task

from accounts import idempotency


@shared_task
def forget_old_answers() -> None:
    idempotency.forget_old_answers()
