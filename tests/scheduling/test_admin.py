"""What managers look after in the admin: class types with prices as people write them; slots only to be read."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import roles
from scheduling.models import ClassType, Slot
from tests.booking.reading import words
from tests.factories import (
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    QualificationFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CHECKBOX = re.compile(r'<input type="checkbox" name="focus_areas"[^>]*>')
CHAIR_YOGA = {
    "name": "Chair Yoga",
    "level": "gentle",
    "focus_areas": ["alignment", "customization"],
    "description": "Seated.",
    "suits": "",
    "avoid": "",
    "bring": "",
    "minutes": "45",
    "capacity": "8",
    "price": "14,50",
    "is_active": "on",
}


def admin_page(name: str, *ids: int) -> str:
    return reverse(f"admin:scheduling_{name}", args=ids)


def test_a_class_type_is_offered_with_its_price_and_focus_areas(managers_client: Client) -> None:
    answer = managers_client.post(admin_page("classtype_add"), CHAIR_YOGA)

    assert answer.status_code == 302
    chair_yoga = ClassType.objects.get()
    assert (chair_yoga.price, chair_yoga.focus_areas) == (1450, ["alignment", "customization"])


def test_a_class_type_is_shown_with_its_price_in_money_and_its_focus_areas_ticked(managers_client: Client) -> None:
    class_type = ClassTypeFactory(price=1850, focus_areas=["core-strength"])

    listed = words(managers_client.get(admin_page("classtype_changelist")))
    page = managers_client.get(admin_page("classtype_change", class_type.pk)).content.decode()

    assert "18,50 €" in listed
    assert 'value="18,50"' in page and "Price in EUR" in page
    assert len(CHECKBOX.findall(page)) == 7
    ticked = [box for box in CHECKBOX.findall(page) if re.search(r"\schecked[\s>]", box)]
    assert ['value="core-strength"' in box for box in ticked] == [True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price": "18,5"}, "Please write the amount in figures, such as 18,00."),
        ({"focus_areas": ["happiness"]}, "happiness is not one of the available choices."),
        ({"focus_areas": []}, "This field is required."),
        ({"minutes": "4"}, "A class lasts 5 to 600 minutes."),
        ({"capacity": "501"}, "A class has 1 to 500 places."),
    ],
)
def test_what_a_class_type_cannot_be_is_refused(managers_client: Client, change: dict[str, Any], said: str) -> None:
    page = managers_client.post(admin_page("classtype_add"), CHAIR_YOGA | change)

    assert said in words(page)
    assert not ClassType.objects.exists()


def test_every_list_and_form_opens(managers_client: Client) -> None:
    slot = SlotFactory()
    rows = {
        "location": LocationFactory(),
        "room": RoomFactory(),
        "instructor": InstructorFactory(),
        "classtype": slot.class_type,
        "qualification": QualificationFactory(),
        "slot": slot,
    }

    for model, row in rows.items():
        assert managers_client.get(admin_page(f"{model}_changelist")).status_code == 200
        assert managers_client.get(admin_page(f"{model}_change", row.pk)).status_code == 200


def test_a_slot_is_read_and_never_written(managers_client: Client) -> None:
    slot = SlotFactory(capacity=8, taken=3)
    change = admin_page("slot_change", slot.pk)

    page = managers_client.get(change)
    posted = managers_client.post(change, {"taken": "0", "state": "draft"})

    slot.refresh_from_db()
    assert "3 of 8 taken" in words(page)
    assert posted.status_code == 403
    assert (slot.taken, slot.state) == (3, Slot.State.PUBLISHED)
    assert managers_client.get(admin_page("slot_add")).status_code == 403
    assert managers_client.post(admin_page("slot_delete", slot.pk), {"post": "yes"}).status_code == 403


def test_the_list_of_slots_costs_the_same_queries_for_many_as_for_one(
    managers_client: Client, django_assert_max_num_queries: Any
) -> None:
    SlotFactory.create_batch(5)

    with django_assert_max_num_queries(10):
        page = managers_client.get(admin_page("slot_changelist"))

    assert all(slot.class_type.name in words(page) for slot in Slot.objects.all())


@pytest.mark.parametrize("model", ["location", "room", "instructor", "classtype", "qualification"])
def test_the_desk_looks_after_none_of_it(client: Client, model: str) -> None:
    user = UserFactory()
    roles.assign_role(user, roles.FRONT_DESK)
    client.force_login(user)

    assert client.get(admin_page(f"{model}_changelist")).status_code == 403


def test_a_series_is_read_in_words_and_never_edited(managers_client: Client) -> None:
    series = SeriesFactory(recurrence="FREQ=WEEKLY;BYDAY=TU", class_type__name="Steady Core")

    listed = words(managers_client.get(admin_page("series_changelist")))
    page = managers_client.get(admin_page("series_change", series.pk)).content.decode()

    assert "Steady Core" in listed and "Every Tuesday at 18:00" in listed
    assert 'name="_save"' not in page
    assert managers_client.get(admin_page("series_add")).status_code == 403
