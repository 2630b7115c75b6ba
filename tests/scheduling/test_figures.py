"""How long a class may be and how many places it may have: the same wherever it is planned."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from core.errors import DomainError
from scheduling.models import ClassType, Instructor, Slot
from scheduling.operations import LengthOutOfRange, PlacesOutOfRange, Scope, Wanted, change_slots, draft_slot
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory

pytestmark = pytest.mark.django_db

BEYOND: list[tuple[dict[str, Any], type[DomainError], str]] = [
    ({"minutes": 4}, LengthOutOfRange, "A class lasts 5 to 600 minutes."),
    ({"minutes": 601}, LengthOutOfRange, "A class lasts 5 to 600 minutes."),
    ({"capacity": 0}, PlacesOutOfRange, "A class has 1 to 500 places."),
    ({"capacity": 501}, PlacesOutOfRange, "A class has 1 to 500 places."),
]


@pytest.mark.parametrize(("figures", "error", "said"), BEYOND)
def test_a_class_beyond_the_limits_is_neither_planned_nor_made_of_another(
    figures: dict[str, Any], error: type[DomainError], said: str
) -> None:
    slot = SlotFactory(room=None)
    place: dict[str, Any] = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": None}

    with pytest.raises(error, check=lambda raised: str(raised).startswith(said)):
        draft_slot(**place, starts_at=clock.now() + timedelta(days=1), **figures)
    with pytest.raises(error):
        change_slots(slot=slot, wanted=Wanted.like(slot, **figures), scope=Scope.THIS, revision=0, by=None)

    assert Slot.objects.get() == slot and Slot.objects.get().revision == 0


@pytest.mark.parametrize("figures", [{"minutes": 5}, {"minutes": 600}, {"capacity": 1}, {"capacity": 500}])
def test_control_the_limits_themselves_are_fine(figures: dict[str, Any]) -> None:
    place: dict[str, Any] = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": None}

    slot = draft_slot(**place, starts_at=clock.now() + timedelta(days=1), **figures)

    assert {name: getattr(slot, name) for name in figures} == figures


@pytest.mark.usefixtures("monday")
def test_the_forms_say_beside_the_places_that_the_class_type_has_too_many(
    instructor: Instructor, instructors_client: Client
) -> None:
    kind = ClassTypeFactory()
    ClassType.objects.filter(pk=kind.pk).update(capacity=800)
    asked = {"class_type": kind.pk, "room": RoomFactory(size=900).pk, "wall_time": "18:00"}

    pages = [
        instructors_client.post("/teach/slots/new/", asked | {"day": "2026-11-24"}),
        instructors_client.post(
            "/teach/series/new/",
            asked | {"starts_on": "2026-11-24", "repeats": "weekly", "ends": "never", "publishes": "yes"},
        ),
    ]

    for page in pages:
        errors = page.context["form"].errors
        assert (page.status_code, list(errors)) == (422, ["capacity"])
        assert errors["capacity"][0].startswith("A class has 1 to 500 places.")
    assert not Slot.objects.exists()
