"""The pages on which a substitute is looked for and found: who sees them, and what a link must not do."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import User
from notifications.models import Kind, Message
from scheduling.models import Instructor, Slot, SubstituteRequest
from scheduling.operations import ask_for_substitute, stamp_series
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    BookingFactory,
    InstructorFactory,
    PatientFactory,
    QualificationFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PATIENT = "Wilhelmine Patient"


@pytest.fixture
def slot() -> Slot:
    """Asha's class, with one patient in it."""
    slot = SlotFactory(instructor__user__name="Asha", class_type__name="Chair Yoga")
    BookingFactory(slot=slot, patient=PatientFactory(name=PATIENT))
    return Slot.objects.with_details().get(pk=slot.pk)


@pytest.fixture
def helena(db: None) -> Instructor:
    return InstructorFactory(user__name="Helena")


@pytest.fixture
def wanted(slot: Slot, helena: Instructor) -> SubstituteRequest:
    """Asha looks for a substitute, and Helena is asked."""
    return ask_for_substitute(slot=slot, by=slot.instructor.user)


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(name: str, pk: int) -> str:
    return reverse(f"scheduling:{name}", args=[pk])


def post(client: Client, name: str, pk: int, **fields: Any) -> Any:
    return client.post(page(name, pk), fields, follow=True)


def test_an_instructor_looks_for_a_substitute_and_stops_again(slot: Slot, helena: Instructor) -> None:
    asha = as_(slot.instructor.user)

    shown = asha.get(page("slot_substitute", slot.pk))
    asked = post(asha, "substitute_ask", slot.pk)
    request = SubstituteRequest.objects.get()
    stopped = post(asha, "substitute_withdraw", request.pk)

    assert buttons(shown) == ["Look for a substitute"]
    assert "Qualified and free Helena" in words(shown)
    assert "Looking for a substitute" in words(asked) and buttons(asked) == []
    assert Message.objects.get(kind=Kind.SUBSTITUTE_WANTED).recipient == helena.user
    assert "You no longer look for a substitute. Asha teaches this class." in words(stopped)


def test_where_nobody_is_free_the_page_says_so_before_the_click(slot: Slot) -> None:
    text = words(as_(slot.instructor.user).get(page("slot_substitute", slot.pk)))

    assert "Nobody is qualified and free at that time" in text


def test_the_class_page_leads_there(slot: Slot) -> None:
    shown = as_(slot.instructor.user).get(reverse("booking:planned_class", args=[slot.pk]))

    assert page("slot_substitute", slot.pk) in shown.content.decode()
    assert "I need a substitute" in words(shown)


def test_a_colleague_accepts_on_the_page_of_the_message(wanted: SubstituteRequest, helena: Instructor) -> None:
    client = as_(helena.user)

    shown = client.get(page("substitute", wanted.pk))
    accepted = post(client, "substitute_accept", wanted.pk, revision=0)

    assert buttons(shown) == ["Accept this class"]
    assert "Thank you! You teach this class. We tell everybody concerned." in words(accepted)
    assert buttons(accepted) == ["Go to the class"]
    assert Slot.objects.get().instructor == helena


def test_40_whoever_only_follows_the_link_changes_nothing(wanted: SubstituteRequest, helena: Instructor) -> None:
    client = as_(helena.user)

    for name in ("substitute", "substitute_accept", "substitute_withdraw"):
        for method in (client.get, client.head):
            without_writing(lambda method=method, name=name: method(page(name, wanted.pk)))
    for name in ("slot_substitute", "substitute_ask", "substitute_assign"):
        for method in (client.get, client.head):
            without_writing(lambda method=method, name=name: method(page(name, wanted.slot_id)))

    wanted.refresh_from_db()
    assert (wanted.state, wanted.slot.instructor) == (SubstituteRequest.State.OPEN, wanted.instead_of)


def test_a_visitor_signs_in_first_and_comes_back(wanted: SubstituteRequest, client: Client) -> None:
    address = page("substitute", wanted.pk)

    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    assert client.post(page("substitute_accept", wanted.pk), {"revision": 0}).status_code == 302
    wanted.refresh_from_db()
    assert wanted.is_open


def test_the_second_one_is_thanked(wanted: SubstituteRequest, helena: Instructor) -> None:
    late = InstructorFactory()
    post(as_(helena.user), "substitute_accept", wanted.pk, revision=0)

    shown = words(as_(late.user).get(page("substitute", wanted.pk)))
    clicked = words(post(as_(late.user), "substitute_accept", wanted.pk, revision=0))

    assert "Helena has taken this class over" in shown
    assert "Thank you! Helena has taken this class over already, so you need not do anything." in clicked
    assert Slot.objects.get().instructor == helena


def test_who_cannot_take_it_over_reads_why_and_has_no_button(wanted: SubstituteRequest, helena: Instructor) -> None:
    wanted.slot.class_type.qualifications.add(QualificationFactory(name="Seated practice"))

    shown = as_(helena.user).get(page("substitute", wanted.pk))

    assert "Not qualified on that day: Chair Yoga asks for Seated practice." in words(shown)
    assert buttons(shown) == []


def test_no_page_between_colleagues_names_a_patient(wanted: SubstituteRequest, helena: Instructor) -> None:
    pages = [
        as_(helena.user).get(page("substitute", wanted.pk)),
        as_(helena.user).get(reverse("scheduling:teach")),
        as_(wanted.instead_of.user).get(page("slot_substitute", wanted.slot_id)),
    ]

    assert [PATIENT in shown.content.decode() for shown in pages] == [False] * 3


def test_colleagues_who_could_see_it_among_their_classes(wanted: SubstituteRequest, helena: Instructor) -> None:
    unqualified = InstructorFactory()
    manager = UserFactory(role=roles.MANAGER)
    needed = QualificationFactory()
    helena.certificates.create(qualification=needed)
    wanted.slot.class_type.qualifications.add(needed)
    teach = reverse("scheduling:teach")

    seen = {
        name: page("substitute", wanted.pk) in as_(user).get(teach).content.decode()
        for name, user in [
            ("able", helena.user),
            ("unqualified", unqualified.user),
            ("own", wanted.instead_of.user),
            ("manager", manager),
        ]
    }

    assert seen == {"able": True, "unqualified": False, "own": True, "manager": True}


def test_a_manager_assigns_a_colleague_and_reads_why_others_cannot(slot: Slot, helena: Instructor) -> None:
    InstructorFactory(user__name="Busy")
    SlotFactory(
        instructor=Instructor.objects.get(name="Busy"), starts_at=slot.starts_at, class_type__name="Strong Back"
    )
    manager = as_(UserFactory(role=roles.MANAGER))

    shown = words(manager.get(page("slot_substitute", slot.pk)))
    assigned = post(manager, "substitute_assign", slot.pk, revision=0, instructor=helena.pk)

    assert "Qualified and free Helena Assign" in shown
    assert "Busy Another class at that time: Strong Back" in shown
    assert "Helena teaches this class. We tell everybody concerned." in words(assigned)
    assert Slot.objects.get(pk=slot.pk).instructor == helena


@pytest.mark.parametrize(
    "fields", [{}, {"revision": "0"}, {"revision": "-1", "instructor": "1"}, {"revision": 10**30, "instructor": "x"}]
)
def test_a_form_that_is_not_ours_changes_nothing(slot: Slot, helena: Instructor, fields: dict[str, Any]) -> None:
    manager = as_(UserFactory(role=roles.MANAGER))

    answer = post(manager, "substitute_assign", slot.pk, **fields)

    assert answer.redirect_chain[-1][0] == page("slot_substitute", slot.pk)
    assert '<div class="messages"' in answer.content.decode()
    assert Slot.objects.get().instructor == slot.instructor


def test_access_to_the_roster_moves_for_that_date_only(helena: Instructor) -> None:
    series = SeriesFactory()
    stamp_series(series=series)
    first, second = series.slots.order_by("starts_at")[:2]
    for nth, slot in enumerate([first, second], start=1):
        BookingFactory(slot=slot, patient=PatientFactory(name=f"Patient {nth}"))
    request = ask_for_substitute(slot=first, by=series.instructor.user)

    post(as_(helena.user), "substitute_accept", request.pk, revision=0)

    shown = {
        (name, nth): roster_names(user, slot)
        for name, user in [("before", series.instructor.user), ("substitute", helena.user)]
        for nth, slot in enumerate([first, second], start=1)
    }
    assert shown == {
        ("before", 1): None,
        ("before", 2): ["Patient 2"],
        ("substitute", 1): ["Patient 1"],
        ("substitute", 2): None,
    }


def roster_names(user: User, slot: Slot) -> list[str] | None:
    """The patients named on the class's page; None where the page does not exist for this user."""
    shown = as_(user).get(reverse("booking:planned_class", args=[slot.pk]))
    return None if shown.status_code == 404 else sorted(set(re.findall(r"Patient \d", words(shown))))


def statuses(user: User | None, wanted: SubstituteRequest) -> dict[str, int]:
    """The answer of each route to somebody; forms are sent as the pages send them."""
    client = as_(user) if user else Client()
    helena = Instructor.objects.get(name="Helena")
    forms = {
        "substitute_withdraw": (wanted.pk, {}),
        "substitute_accept": (wanted.pk, {}),
        "substitute_ask": (wanted.slot_id, {}),
        "substitute_assign": (wanted.slot_id, {"instructor": helena.pk}),  # without a revision: nothing is done
    }
    pages = {"substitute": wanted.pk, "slot_substitute": wanted.slot_id}
    seen = {name: client.get(page(name, pk)).status_code for name, pk in pages.items()}
    for name, (pk, fields) in forms.items():
        seen[name] = client.post(page(name, pk), fields).status_code
        SubstituteRequest.objects.update(state=SubstituteRequest.State.OPEN, closed_at=None)
    return seen


def test_51_each_route_for_each_role(wanted: SubstituteRequest, helena: Instructor) -> None:
    people = {
        "visitor": None,
        "patient": PatientFactory().account,
        "desk": UserFactory(role=roles.FRONT_DESK),
        "instructor without a row": UserFactory(role=roles.INSTRUCTOR),
        "colleague": helena.user,
        "own": wanted.instead_of.user,
        "manager": UserFactory(role=roles.MANAGER),
    }

    seen = {name: statuses(user, wanted) for name, user in people.items()}

    routes = ["substitute", "slot_substitute"]
    routes += ["substitute_withdraw", "substitute_accept", "substitute_ask", "substitute_assign"]
    assert seen == {
        "visitor": dict.fromkeys(routes, 302),
        "patient": dict.fromkeys(routes, 403),
        "desk": dict.fromkeys(routes, 403),
        "instructor without a row": {**dict.fromkeys(routes, 404), "substitute_assign": 403},
        "colleague": {
            "substitute": 200,
            "slot_substitute": 404,
            "substitute_withdraw": 404,
            "substitute_accept": 302,
            "substitute_ask": 404,
            "substitute_assign": 403,
        },
        "own": {**dict.fromkeys(routes, 302), "substitute": 200, "slot_substitute": 200, "substitute_assign": 403},
        "manager": {**dict.fromkeys(routes, 302), "substitute": 200, "slot_substitute": 200, "substitute_accept": 404},
    }
    assert Slot.objects.get(pk=wanted.slot_id).instructor == wanted.instead_of
