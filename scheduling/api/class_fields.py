"""The fields in which a request describes a class, one by one or in a series: `minutes = class_fields.minutes()`."""

from functools import partial

from rest_framework.serializers import ChoiceField, IntegerField, PrimaryKeyRelatedField, URLField

from scheduling.models import HIGHEST_REVISION, ClassType, Instructor, Room
from scheduling.operations import LEAST_MINUTES, MOST_MINUTES, MOST_PLACES

class_type = partial(PrimaryKeyRelatedField[ClassType], queryset=ClassType.objects.filter(is_active=True))
instructor = partial(PrimaryKeyRelatedField[Instructor], queryset=Instructor.objects.teaching())
room = partial(PrimaryKeyRelatedField[Room], queryset=Room.objects.select_related("location"))
online_link = partial(URLField, allow_blank=True, max_length=500)
fold = partial(
    ChoiceField,
    [0, 1],
    required=False,
    help_text="When the clocks are set back, a wall time happens twice: 0 is the first, 1 the second.",
)
minutes = partial(IntegerField, required=False, min_value=LEAST_MINUTES, max_value=MOST_MINUTES)
capacity = partial(IntegerField, required=False, min_value=1, max_value=MOST_PLACES)
price = partial(IntegerField, required=False, min_value=0, max_value=10_000_000)
revision = partial(
    IntegerField, min_value=0, max_value=HIGHEST_REVISION, help_text="The slot's `revision` as it was read."
)
