"""The seven ways in which yoga helps back pain; class types, timetable, article and reminders share these slugs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FocusArea(models.TextChoices):
    CORE_STRENGTH = "core-strength", _("Core strength")
    FLEXIBILITY_AND_MOBILITY = "flexibility-and-mobility", _("Flexibility and mobility")
    ALIGNMENT = "alignment", _("Alignment")
    MUSCLE_TENSION = "muscle-tension", _("Muscle tension")
    BLOOD_CIRCULATION = "blood-circulation", _("Blood circulation")
    STRESS_AND_ANXIETY = "stress-and-anxiety", _("Stress and anxiety")
    CUSTOMIZATION = "customization", _("Adapted to you")
