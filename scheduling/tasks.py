"""What workers do for the timetable; each may run twice, together or never: the rows decide."""

import logging

from celery import shared_task

from scheduling import operations
from scheduling.models import Series
from scheduling.operations.series import horizon

logger = logging.getLogger(__name__)


@shared_task
def fill_horizon() -> None:
    """Stamp the slots that the passing of time has brought into the horizon; one series at a time."""
    for series in Series.objects.to_be_stamped(horizon()).order_by("stamped_until", "pk")[:500]:
        try:
            operations.stamp_series(series=series)
        except Exception:
            logger.exception("series %s could not be stamped", series.pk)
