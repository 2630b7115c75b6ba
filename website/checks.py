"""What `manage.py check --deploy` finds in a configuration that must not go into production."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def local_run_is_off(**kwargs: Any) -> list[CheckMessage]:
    """LOCAL_RUN permits a pretended Stripe, demo data and passkeys without https."""
    if not settings.LOCAL_RUN:
        return []
    return [
        Error("LOCAL_RUN must be off in production.", hint="Take LOCAL_RUN out of the environment.", id="sukha.E001")
    ]
