from django.db import migrations, models


class Migration(migrations.Migration):
    """Events are many, so this index too is built beside the running system, and anew when it was cut off."""

    atomic = False

    dependencies = [("payments", "0006_reconciliations")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "DROP INDEX CONCURRENTLY IF EXISTS stripe_events_set_aside",
                        """
                        CREATE INDEX CONCURRENTLY stripe_events_set_aside ON payments_stripeevent (id DESC)
                            WHERE NOT (quarantined = '') AND processed_at IS NULL
                        """,
                    ],
                    "DROP INDEX CONCURRENTLY IF EXISTS stripe_events_set_aside",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="stripeevent",
                    index=models.Index(
                        fields=["-id"],
                        condition=models.Q(models.Q(("quarantined", ""), _negated=True), ("processed_at__isnull", True)),
                        name="stripe_events_set_aside",
                    ),
                ),
            ],
        ),
    ]
