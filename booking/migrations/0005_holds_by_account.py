from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The holds of an account, to count them without reading everyone's; can be run again when it was cut off."""

    atomic = False

    dependencies = [
        ("booking", "0004_given_up_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS holds_by_account", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="booking",
            index=models.Index(condition=models.Q(("state", "held")), fields=["booked_by"], name="holds_by_account"),
        ),
    ]
