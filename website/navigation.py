"""Where a member of staff works, by role."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import FRONT_DESK, INSTRUCTOR, MANAGER, has_role


@dataclass(frozen=True)
class Place:
    """One place in the staff's navigation; `pages` are the views in which it is marked as the current one."""

    label: str | Promise
    icon: str
    view: str
    pages: frozenset[str]
    roles: tuple[str, ...]

    @property
    def url(self) -> str:
        return reverse(self.view)


PLACES = [
    Place(
        _("Day sheet"),
        icon="clipboard-list",
        view="booking:desk",
        pages=frozenset({"booking:desk", "booking:refunds"}),
        roles=(FRONT_DESK, MANAGER),
    ),
    Place(
        _("Messages"),
        icon="mail",
        view="notifications:log",
        pages=frozenset({"notifications:log", "notifications:message"}),
        roles=(FRONT_DESK, MANAGER),
    ),
    Place(
        _("Teaching"),
        icon="calendar-days",
        view="scheduling:teach",
        pages=frozenset(
            {
                "scheduling:teach",
                "scheduling:calendar",
                "scheduling:slot_new",
                "booking:planned_class",
                "booking:change_class",
                "booking:cancel_class",
                "scheduling:slot_substitute",
                "scheduling:substitute",
                "scheduling:feeds",
                "scheduling:import",
            }
        ),
        roles=(INSTRUCTOR, MANAGER),
    ),
    Place(
        _("Series"),
        icon="repeat",
        view="scheduling:series_list",
        pages=frozenset(
            {
                "scheduling:series_list",
                "scheduling:series_new",
                "scheduling:series",
                "scheduling:slot_copy",
                "scheduling:week_copy",
            }
        ),
        roles=(INSTRUCTOR, MANAGER),
    ),
    Place(
        _("Time off"),
        icon="palmtree",
        view="scheduling:times_off",
        pages=frozenset({"scheduling:times_off", "scheduling:time_off"}),
        roles=(INSTRUCTOR, MANAGER),
    ),
    Place(
        _("Closures"),
        icon="door-closed",
        view="scheduling:closures",
        pages=frozenset({"scheduling:closures", "scheduling:closure"}),
        roles=(MANAGER,),
    ),
    Place(
        _("Manage"),
        icon="settings-2",
        view="website:manage",
        pages=frozenset({"website:manage"}),
        roles=(MANAGER,),
    ),
]


def places_for(user: Any) -> list[Place]:
    """The places that `user` may open; none for patients and visitors."""
    return [place for place in PLACES if has_role(user, *place.roles)]
