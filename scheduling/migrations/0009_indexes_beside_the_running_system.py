from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Deferrable


class Migration(migrations.Migration):
    """The two further indexes of slots, built beside the running system; can be run again when they were cut off."""

    atomic = False

    dependencies = [
        ("scheduling", "0008_feed_addresses"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="slot",
            index=models.Index(
                condition=models.Q(("state", "cancelled"), ("taken__gt", 0)),
                fields=["id"],
                name="cancelled_with_bookings",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "ALTER TABLE scheduling_slot DROP CONSTRAINT IF EXISTS one_slot_per_series_and_day",
                        "DROP INDEX CONCURRENTLY IF EXISTS one_slot_per_series_and_day",
                        """
                        CREATE UNIQUE INDEX CONCURRENTLY one_slot_per_series_and_day
                            ON scheduling_slot (series_id, series_day)
                        """,
                        """
                        ALTER TABLE scheduling_slot
                            ADD CONSTRAINT one_slot_per_series_and_day UNIQUE USING INDEX one_slot_per_series_and_day
                            DEFERRABLE INITIALLY IMMEDIATE
                        """,
                    ],
                    "ALTER TABLE scheduling_slot DROP CONSTRAINT IF EXISTS one_slot_per_series_and_day",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="slot",
                    constraint=models.UniqueConstraint(
                        deferrable=Deferrable.IMMEDIATE,
                        fields=("series", "series_day"),
                        name="one_slot_per_series_and_day",
                    ),
                ),
            ],
        ),
    ]
