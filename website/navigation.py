"""Where a member of staff works, by role."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import FRONT_DESK, INSTRUCTOR, MANAGER, has_role


@dataclass(frozen=True)
class Place:
    """One place in the staff's navigation: its first page, and the others in which it is marked as the current one."""

    label: str | Promise
    view: str
    roles: tuple[str, ...]
    icon: str
    others: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return reverse(self.view)

    @property
    def pages(self) -> tuple[str, ...]:
        return (self.view, *self.others)


AT_THE_DESK = (FRONT_DESK, MANAGER)
PLANNING = (INSTRUCTOR, MANAGER)

PLACES = [
    Place(_("Day sheet"), "booking:desk", AT_THE_DESK, icon="clipboard-list", others=("booking:refunds",)),
    Place(_("Messages"), "notifications:log", AT_THE_DESK, icon="mail", others=("notifications:message",)),
    Place(
        _("Teaching"),
        "scheduling:teach",
        PLANNING,
        icon="calendar-days",
        others=(
            *("scheduling:calendar", "scheduling:feeds", "scheduling:import", "scheduling:slot_new"),
            *("scheduling:slot_copy", "scheduling:week_copy", "scheduling:week_publish"),
            *("scheduling:slot_substitute", "scheduling:substitute"),
            *("booking:planned_class", "booking:change_class", "booking:cancel_class"),
        ),
    ),
    Place(
        _("Series"),
        "scheduling:series_list",
        PLANNING,
        icon="repeat",
        others=("scheduling:series_new", "scheduling:series"),
    ),
    Place(_("Time off"), "scheduling:times_off", PLANNING, icon="palmtree", others=("scheduling:time_off",)),
    Place(_("Closures"), "scheduling:closures", (MANAGER,), icon="door-closed", others=("scheduling:closure",)),
    Place(_("Manage"), "website:manage", (MANAGER,), icon="settings-2"),
]


def places_for(user: Any) -> list[Place]:
    """The places that `user` may open; none for patients and visitors."""
    return [place for place in PLACES if has_role(user, *place.roles)]
