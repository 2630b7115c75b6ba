"""What the style guide shows in its components: believable, unsaved, nobody's data."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Instructor, Location, Room, Slot


class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Your name"), max_length=100)
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("We send the confirmation and one reminder, nothing else.")
    )
    phone = forms.CharField(label=_("Phone"), required=False)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    room = forms.ChoiceField(label=_("Room"), choices=[("", _("Choose a room")), ("1", "Garden room"), ("2", "Attic")])
    level = forms.ChoiceField(label=_("Level"), choices=ClassType.Level.choices, widget=forms.RadioSelect)
    focus = forms.MultipleChoiceField(
        label=_("Focus areas"),
        help_text=_("At most three, so that the class keeps its shape."),
        choices=FocusArea.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    mind = forms.CharField(label=_("What should we mind?"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    letter = forms.FileField(label=_("A doctor’s letter"), required=False)
    agree = forms.BooleanField(label=_("I have read when it is better to see a doctor first"))


@dataclass(frozen=True)
class RosterLine:
    name: str
    phone: str
    paid: str
    tone: str


ROSTER = [
    RosterLine("Ingrid Lindqvist", "+49 30 901820", "Paid", "good"),
    RosterLine("Tomasz Wiśniewski", "+49 30 901821", "Pays at the desk", "warn"),
    RosterLine("Margaret O’Neill", "+49 30 901822", "Refunded", ""),
]


def wrong_form() -> SpecimenForm:
    """The form as it comes back with errors."""
    form = SpecimenForm({"name": "Ingrid Lindqvist", "email": "ingrid@", "focus": ["alignment"], "room": "1"})
    form.is_valid()
    return form


def slots() -> list[Slot]:
    """Three slots of one evening: places, few places, none."""
    gentle = ClassType(name="Gentle Back Care", level=ClassType.Level.GENTLE, focus_areas=["muscle-tension"])
    core = ClassType(name="Strong Core, Easy Back", level=ClassType.Level.STEADY, focus_areas=["core-strength"])
    room = Room(name="Garden room", location=Location(name="Linden Street"))
    instructor = Instructor(name="Asha Raman")
    return [
        _slot(gentle, instructor, room, hour=10, taken=2),
        _slot(core, instructor, room, hour=17, taken=7),
        _slot(gentle, instructor, room, hour=18, taken=8),
    ]


def held_until() -> datetime:
    """The end of a hold with some minutes left."""
    return clock.now() + timedelta(minutes=31)


def _slot(class_type: ClassType, instructor: Instructor, room: Room, *, hour: int, taken: int) -> Slot:
    start = clock.instant_of(clock.clinic_today() + timedelta(days=6), time(hour))
    return Slot(
        pk=hour,
        class_type=class_type,
        instructor=instructor,
        room=room,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        capacity=8,
        taken=taken,
        price=1800,
        state=Slot.State.PUBLISHED,
    )
