"""What workers do for the timetable; each may run twice, together or never: the rows decide."""

import logging

from celery import shared_task
from django.db.models import F

from scheduling import operations
from scheduling.models import Series
from scheduling.operations.series import horizon

MOST_AT_ONCE = 500

logger = logging.getLogger(__name__)


@shared_task
def fill_horizon() -> None:
    """Stamp the slots that the passing of time has brought into the horizon; one series at a time.

    What fails stays behind. So those that are least behind come first, and nothing that fails can starve the others.
    """
    behind = Series.objects.to_be_stamped(horizon()).order_by(F("stamped_until").desc(nulls_last=True), "pk")
    for series in behind[:MOST_AT_ONCE]:
        try:
            operations.stamp_series(series=series)
        except Exception:
            logger.exception("series %s could not be stamped", series.pk)
