from django.db import migrations, models


class Migration(migrations.Migration):
    """Events are many, so their index is built beside the running system, and anew when it was cut off."""

    atomic = False

    dependencies = [
        ("payments", "0004_refunds_sent_again"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="method",
            field=models.CharField(
                choices=[("card", "by card"), ("cash", "in cash"), ("terminal", "by card at the desk")],
                max_length=10,
                verbose_name="method",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [
                        "DROP INDEX CONCURRENTLY IF EXISTS stripe_events_by_type",
                        "CREATE INDEX CONCURRENTLY stripe_events_by_type ON payments_stripeevent (type, id DESC)",
                    ],
                    "DROP INDEX CONCURRENTLY IF EXISTS stripe_events_by_type",
                ),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="stripeevent",
                    index=models.Index(fields=["type", "-id"], name="stripe_events_by_type"),
                ),
            ],
        ),
    ]
