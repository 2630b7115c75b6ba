"""The seven sections of the article on back pain: which drawing and which short sentence belong to each focus area."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scheduling.focus import FocusArea


@dataclass(frozen=True)
class Section:
    """One way in which yoga helps; its slug is the anchor that reminders link to."""

    area: FocusArea
    drawing: str
    drawing_shows: str | Promise
    summary: str | Promise

    @property
    def template_name(self) -> str:
        return f"website/article/{self.area.value}.html"


SECTIONS = [
    Section(
        FocusArea.CORE_STRENGTH,
        "bridge",
        _("A person in bridge: lying on the back, feet on the floor, hips lifted"),
        _("Muscles in front and behind that help the spine to carry its load."),
    ),
    Section(
        FocusArea.FLEXIBILITY_AND_MOBILITY,
        "cat",
        _("A person in cat: on hands and knees, the back rounded"),
        _("Slow stretching that gives stiff hips and backs more room."),
    ),
    Section(
        FocusArea.ALIGNMENT,
        "mountain",
        _("A person standing upright, seen from the side, the spine in its long double curve"),
        _("A feeling for the middle, so that standing and sitting cost less."),
    ),
    Section(
        FocusArea.MUSCLE_TENSION,
        "supported-rest",
        _("A person resting on the back with a cushion under the knees"),
        _("Breathing and guided rest that let hard muscles go soft."),
    ),
    Section(
        FocusArea.BLOOD_CIRCULATION,
        "legs-up",
        _("A person lying on the back with the legs up against a wall"),
        _("Movement that brings oxygen and nutrients to tired tissue."),
    ),
    Section(
        FocusArea.STRESS_AND_ANXIETY,
        "sitting",
        _("A person sitting cross-legged and upright, seen from behind"),
        _("A calmer nervous system, which passes on less of the pain."),
    ),
    Section(
        FocusArea.CUSTOMIZATION,
        "childs-pose",
        _("A person in child’s pose: kneeling, folded forward, arms stretched out"),
        _("Each posture in the version that suits your back today."),
    ),
]
