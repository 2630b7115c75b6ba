"""What an account wants to be told."""

from accounts.models import User
from core import clock
from notifications.models import Kind, Preference


def switch_reminders(*, account: User, on: bool) -> None:
    """Have the reminders of `account` sent or not, from the next one on; doing it twice is doing it once."""
    Preference.objects.update_or_create(
        account=account, kind=Kind.CLASS_REMINDER, defaults={"wanted": on, "changed_at": clock.now()}
    )
