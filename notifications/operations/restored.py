"""What is to be done about messages when the database has been restored from a backup."""

import logging
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import InvalidInput
from notifications.models import Message

logger = logging.getLogger(__name__)


class StoppedInTheFuture(InvalidInput):
    code = "stopped_in_the_future"
    message = _("The moment at which the old system stopped cannot lie in the future.")


def void_after_restore(*, stopped_at: datetime) -> int:
    """Void what the old system may have sent between the backup and `stopped_at`; return how many messages that were.

    In the backup they are still queued, and would go out a second time. Not every one was sent, but which ones is
    unknown, and the log of messages names them. What came due later could not be sent by anybody and goes out as ever.
    May be called again. Call it before a worker starts. Raises StoppedInTheFuture.
    """
    if stopped_at > clock.now():
        raise StoppedInTheFuture()
    old = Message.objects.filter(due_at__lte=stopped_at, created_at__lte=stopped_at)
    voided = old.move_to(Message.State.VOID, void_reason=Message.VoidReason.BEFORE_RESTORE, secret="")
    logger.warning("%s messages from before the restore are void", voided)
    return voided
