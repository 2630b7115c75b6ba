from notifications.operations.deliver import deliver_due_messages, deliver_message
from notifications.operations.preferences import switch_reminders
from notifications.operations.restored import StoppedInTheFuture, void_after_restore
from notifications.operations.retry import NotToBeRetried, retry_message
from notifications.operations.write import (
    write_account_mail,
    write_cancelled_class,
    write_change,
    write_confirmation,
    write_refund,
    write_reminder,
    write_substitute_found,
    write_substitute_wanted,
)

__all__ = [
    "NotToBeRetried",
    "StoppedInTheFuture",
    "deliver_due_messages",
    "deliver_message",
    "retry_message",
    "switch_reminders",
    "void_after_restore",
    "write_account_mail",
    "write_cancelled_class",
    "write_change",
    "write_confirmation",
    "write_refund",
    "write_reminder",
    "write_substitute_found",
    "write_substitute_wanted",
]
