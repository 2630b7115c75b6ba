"""A price that no card can be charged is refused when the class is planned, not when a patient wants to pay."""

from datetime import timedelta

import pytest

from core import clock
from scheduling.forms import SlotForm
from scheduling.models import Slot
from scheduling.operations import PriceTooLow, draft_slot
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory

pytestmark = pytest.mark.django_db


def plan(price: int) -> Slot:
    return draft_slot(
        class_type=ClassTypeFactory(),
        instructor=InstructorFactory(),
        room=RoomFactory(),
        starts_at=clock.now() + timedelta(days=1),
        price=price,
    )


@pytest.mark.parametrize("price", [1, 49])
def test_a_price_below_stripes_least_charge_is_refused_with_the_least_one(price: int) -> None:
    with pytest.raises(PriceTooLow, check=lambda error: "0,50\N{NO-BREAK SPACE}€" in str(error)):
        plan(price)

    assert Slot.objects.count() == 0


@pytest.mark.parametrize("price", [0, 50])
def test_control_a_free_class_and_the_least_price_are_fine(price: int) -> None:
    assert plan(price).price == price


def test_the_form_says_so_beside_the_price() -> None:
    form = SlotForm({})

    form.refuse(PriceTooLow(least="0,50 €"))

    assert "Cards cannot be charged less than 0,50 €." in form.errors["price"][0]
