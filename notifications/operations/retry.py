"""Sending again what could not be delivered."""

import logging

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError
from core.wakeup import wake_worker
from notifications.models import Kind, Message
from notifications.operations.write import OF_USE_FOR

USELESS_AFTERWARDS = (Kind.CLASS_REMINDER, Kind.SUBSTITUTE_WANTED)  # once the class has begun

logger = logging.getLogger(__name__)


class NotToBeRetried(DomainError):
    code = "not_to_be_retried"
    message = _("This message cannot be sent again. Only messages about a class that failed can.")


@transaction.atomic
def retry_message(*, message: Message, by: User) -> None:
    """Queue a failed or refused message anew; it is written afresh and goes to the account's present address.

    Raises NotToBeRetried for any other message, and when somebody else was faster.
    """
    if not message.can_be_retried:
        raise NotToBeRetried()
    now = clock.now()
    drop_after = (
        message.drop_after if message.kind in (Kind.CLASS_REMINDER, Kind.SUBSTITUTE_WANTED) else now + OF_USE_FOR
    )
    failed = Message.objects.filter(pk=message.pk)
    if not failed.move_to(Message.State.QUEUED, attempts=0, next_try_at=now, drop_after=drop_after, error=""):
        raise NotToBeRetried()
    logger.info("message %s is tried again by account %s", message.pk, by.pk)
    wake_worker("notifications.tasks.deliver_message", message.pk)
