from django.db import migrations

DEFAULTS = {
    "is_exception": "false",
    "online_link": "''",
    "revision": "0",
    "people_told": "false",
    "cancel_reason": "''",
}


class Migration(migrations.Migration):
    """Let the code before 0003, which does not know these columns, go on drafting slots.

    It runs beside the migrations, for long where the next one waits for a person, and again after a roll-back.
    """

    dependencies = [
        ("scheduling", "0010_classes_kept_in_spite"),
    ]

    operations = [
        migrations.RunSQL(
            [f"ALTER TABLE scheduling_slot ALTER {column} SET DEFAULT {value}" for column, value in DEFAULTS.items()],
            [f"ALTER TABLE scheduling_slot ALTER {column} DROP DEFAULT" for column in DEFAULTS],
        ),
    ]
