"""What `manage.py check` finds in a configuration that would spoil bookings or must not go into production.

`migrate` checks the first kind too, so that nothing starts with it; the second is for `check --deploy`.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from accounts.encryption import is_key
from core.money import is_currency

MOST = 32_767  # what a booking's copy of the policy can hold


def local_run_is_off(**kwargs: Any) -> list[CheckMessage]:
    """LOCAL_RUN permits a pretended Stripe, demo data and passkeys without https."""
    if not settings.LOCAL_RUN:
        return []
    return [
        Error("LOCAL_RUN must be off in production.", hint="Take LOCAL_RUN out of the environment.", id="sukha.E001")
    ]


def secrets_and_money_work(**kwargs: Any) -> list[CheckMessage]:
    """What would otherwise show at the first sign-in, or at the first price. A key itself is never shown."""
    found: list[CheckMessage] = []
    wrong = [number for number, key in enumerate(settings.ENCRYPTION_KEYS, start=1) if not is_key(key)]
    if wrong or not settings.ENCRYPTION_KEYS:
        which = f"Number {', '.join(map(str, wrong))} of ENCRYPTION_KEYS is" if wrong else "ENCRYPTION_KEYS holds"
        found.append(Error(f"{which} no Fernet key.", hint="Make one as .env.example says.", id="sukha.E004"))
    if not is_currency(settings.CLINIC_CURRENCY):
        found.append(
            Error(
                f"CLINIC_CURRENCY is “{settings.CLINIC_CURRENCY}”, and there is no such currency.",
                hint="Write the three letters of ISO 4217, such as eur.",
                id="sukha.E005",
            )
        )
    return found


def patients_can_reach_the_clinic(**kwargs: Any) -> list[CheckMessage]:
    """Pages and messages say whom to call or write to when something goes wrong."""
    if settings.CLINIC_PHONE or settings.CLINIC_EMAIL:
        return []
    return [
        checks.Warning(
            "No page tells patients how to reach the clinic.",
            hint="Set CLINIC_PHONE or CLINIC_EMAIL, better both.",
            id="sukha.W006",
        )
    ]


def reminders_come_in_time(**kwargs: Any) -> list[CheckMessage]:
    """Who is reminded and cannot come should still be able to cancel free of charge."""
    hours = settings.REMIND_BEFORE // timedelta(hours=1)
    if hours <= 0 or hours > settings.FREE_CANCEL_HOURS:
        return []
    return [
        checks.Warning(
            f"The reminder comes {hours} hours before a class, when cancelling is not free any more "
            f"({settings.FREE_CANCEL_HOURS} hours before).",
            hint="Set REMIND_HOURS_BEFORE to some hours more than FREE_CANCEL_HOURS.",
            id="sukha.W003",
        )
    ]


def policies_can_be_kept(**kwargs: Any) -> list[CheckMessage]:
    """What one setting alone can get wrong is found before the first booking is."""
    longest_page = settings.CHECKOUT_LASTS // timedelta(minutes=1)
    rules = [
        ("LEAST_PRICE", settings.LEAST_PRICE >= 0, "not be negative"),
        ("FREE_CANCEL_HOURS", 0 <= settings.FREE_CANCEL_HOURS <= MOST, f"be from 0 to {MOST}"),
        ("CANCEL_GRACE_MINUTES", 0 <= settings.CANCEL_GRACE_MINUTES <= MOST, f"be from 0 to {MOST}"),
        (
            "HOLD_MINUTES",
            settings.HOLD_LASTS > settings.CHECKOUT_LASTS,
            f"be more than {longest_page}: so long can the payment page be paid on",
        ),
        ("MOST_HOLDS", settings.MOST_HOLDS >= 1, "be 1 or more: booking with a payment makes a hold"),
        ("REMIND_HOURS_BEFORE", settings.REMIND_BEFORE.total_seconds() >= 0, "not be negative; 0 sends no reminders"),
    ]
    return [Error(f"{name} must {rule}.", id="sukha.E002") for name, is_kept, rule in rules if not is_kept]
