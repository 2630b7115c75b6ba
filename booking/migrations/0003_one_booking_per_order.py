import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One order pays for one booking; the constraint's index takes the place of the foreign key's.

    Django's own statements would lock all bookings while the index is built and the foreign key checked anew. These
    lock them for an instant, and can be run again when they were cut off.
    """

    atomic = False

    dependencies = [
        ("booking", "0002_say_what_released_means"),
        ("payments", "0001_orders_and_credits"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "ALTER TABLE booking_booking DROP CONSTRAINT IF EXISTS one_booking_per_order",
                        "DROP INDEX CONCURRENTLY IF EXISTS one_booking_per_order",
                        "CREATE UNIQUE INDEX CONCURRENTLY one_booking_per_order ON booking_booking (order_id)",
                        """
                        ALTER TABLE booking_booking
                            ADD CONSTRAINT one_booking_per_order UNIQUE USING INDEX one_booking_per_order
                        """,
                    ],
                    "ALTER TABLE booking_booking DROP CONSTRAINT IF EXISTS one_booking_per_order",
                ),
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS booking_booking_order_id_4279e9cb",
                    [
                        "DROP INDEX CONCURRENTLY IF EXISTS booking_booking_order_id_4279e9cb",
                        "CREATE INDEX CONCURRENTLY booking_booking_order_id_4279e9cb ON booking_booking (order_id)",
                    ],
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="booking",
                    name="order",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="payments.order",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="booking",
                    constraint=models.UniqueConstraint(fields=("order",), name="one_booking_per_order"),
                ),
            ],
        ),
    ]
