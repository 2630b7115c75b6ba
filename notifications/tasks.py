"""What workers do for messages; each may run twice, together or never: the rows decide."""

from celery import shared_task

from notifications import operations


@shared_task
def deliver_message(message_id: int) -> None:
    operations.deliver_message(message_id=message_id)


@shared_task
def deliver_due_messages() -> None:
    operations.deliver_due_messages()
