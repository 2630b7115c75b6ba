"""What workers do for accounts; each may run twice, together or never."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from accounts import idempotency


@shared_task
def forget_old_answers() -> None:
    idempotency.forget_old_answers()


@shared_task
def forget_ended_sessions() -> None:
    """Every visitor who asks for a code, or whose passkey is asked for, leaves a row behind."""
    SessionStore.clear_expired()
