"""What every page knows without asking for it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from core import clock


def clinic(request: HttpRequest) -> dict[str, Any]:
    """The clinic's name, how to reach it, and where its article on back pain stands."""
    return {
        "clinic": {
            "name": settings.CLINIC_NAME,
            "phone": settings.CLINIC_PHONE,
            "email": settings.CLINIC_EMAIL,
            "zone": clock.zone_label(),
            "address": settings.CLINIC_ADDRESS,
            "article_url": settings.BACK_PAIN_ARTICLE_URL or reverse("website:article"),
            "free_cancel_hours": settings.FREE_CANCEL_HOURS,
            "cancel_grace_minutes": settings.CANCEL_GRACE_MINUTES,
        }
    }
