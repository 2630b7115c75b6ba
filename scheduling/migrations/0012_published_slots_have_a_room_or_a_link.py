from typing import Any

from django.core.management import CommandError
from django.db import migrations, models
from django.db.models import Q

from core import clock

MOST_NAMED = 50
FIRST_LINE = "These published classes have neither a room nor an on-line link, and need one now (id: start, %s):"
LAST_LINE = (
    'Please give each of them one (docs/operations.md, "Upgrade", says how), then run migrate again. It goes on here.'
)


def refuse_slots_without_room_and_link(apps: Any, _schema_editor: Any) -> None:
    """Say which slots stand in the way, and how to go on.

    The API once published classes without a room, meaning on-line ones; where they can be joined was not kept, so only
    a person knows. That is asked for here, when there is a column for the link.
    """
    published = apps.get_model("scheduling", "Slot").objects.filter(state="published", room=None, online_link="")
    slots = list(published.order_by("starts_at", "id").values_list("id", "starts_at"))
    if not slots:
        return
    named = [f"  {key}: {clock.clinic_time(starts_at):%Y-%m-%d %H:%M}" for key, starts_at in slots[:MOST_NAMED]]
    more = [f"  and {len(slots) - MOST_NAMED} more, which are named next"] if len(slots) > MOST_NAMED else []
    raise CommandError("\n".join([FIRST_LINE % clock.zone_label(), *named, *more, LAST_LINE]))


class Migration(migrations.Migration):
    """No published slot without a room or a link. Where 0003 has made the constraint already, it is made anew."""

    dependencies = [
        ("scheduling", "0011_slots_of_the_code_before"),
    ]

    operations = [
        migrations.RunPython(refuse_slots_without_room_and_link, migrations.RunPython.noop),
        migrations.RunSQL(
            "ALTER TABLE scheduling_slot DROP CONSTRAINT IF EXISTS a_published_slot_has_a_room_or_a_link",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.CheckConstraint(
                condition=~Q(state="published") | Q(room__isnull=False) | ~Q(online_link=""),
                name="a_published_slot_has_a_room_or_a_link",
            ),
        ),
    ]
