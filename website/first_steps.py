"""What a clinic needs before its first class can be planned, in the order in which one thing asks for the other."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import INSTRUCTOR
from scheduling.models import ClassType, Instructor, Location, Room, Slot


@dataclass(frozen=True)
class Step:
    """One thing to add, and whether there is one."""

    label: str | Promise
    page: str
    is_done: bool

    @property
    def url(self) -> str:
        return reverse(self.page)


def first_steps() -> list[Step]:
    """The steps, done and to do; empty once a class can be planned, or has been: then they cost one query."""
    if Slot.objects.exists():
        return []
    steps = [
        Step(_("A location: the house and its address"), "admin:scheduling_location_add", Location.objects.exists()),
        Step(_("A room in it, with its number of mats"), "admin:scheduling_room_add", Room.objects.exists()),
        Step(
            _("A class type: what is taught, for whom, at which price"),
            "admin:scheduling_classtype_add",
            ClassType.objects.filter(is_active=True).exists(),
        ),
        Step(
            _("An account with the role “Instructor” for whoever teaches"),
            "admin:accounts_user_add",
            User.objects.filter(groups__name=INSTRUCTOR).exists() or _somebody_teaches(),
        ),
        Step(_("The instructor who belongs to that account"), "admin:scheduling_instructor_add", _somebody_teaches()),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _somebody_teaches() -> bool:
    return Instructor.objects.teaching().exists()
