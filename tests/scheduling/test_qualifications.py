"""Without the qualification that a class type asks for nobody is planned for it, on whichever way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from core.errors import DomainError
from scheduling import operations
from scheduling.models import Certificate, ClassType, Instructor, Qualification, Slot
from tests.booking.reading import words
from tests.factories import (
    CertificateFactory,
    ClassTypeFactory,
    InstructorFactory,
    QualificationFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.test_admin import CHAIR_YOGA, admin_page

pytestmark = pytest.mark.django_db

SENTENCE = "Marco does not hold Seated practice on that day, which Chair Yoga asks for."


@pytest.fixture
def marco(db: None) -> Instructor:
    return InstructorFactory(user__name="Marco")


@pytest.fixture
def seated(db: None) -> Qualification:
    return QualificationFactory(name="Seated practice")


@pytest.fixture
def chair_yoga(seated: Qualification) -> ClassType:
    class_type = ClassTypeFactory(name="Chair Yoga")
    class_type.qualifications.add(seated)
    return class_type


def draft(class_type: ClassType, instructor: Instructor) -> None:
    starts_at = clock.now() + timedelta(days=3)
    operations.draft_slot(class_type=class_type, instructor=instructor, room=RoomFactory(), starts_at=starts_at)


def publish(class_type: ClassType, instructor: Instructor) -> None:
    slot = SlotFactory(class_type=class_type, instructor=instructor, state=Slot.State.DRAFT)
    operations.publish_slot(slot=slot, by=None)


def start_series(class_type: ClassType, instructor: Instructor) -> None:
    series = SeriesFactory.build(class_type=class_type, instructor=instructor, room=RoomFactory())
    operations.start_series(series=series)


def change_teacher(class_type: ClassType, instructor: Instructor) -> None:
    slot = SlotFactory(class_type=class_type)
    wanted = operations.Wanted.like(slot, instructor=instructor)
    operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=0, by=None)


def change_class_type(class_type: ClassType, instructor: Instructor) -> None:
    slot = SlotFactory(instructor=instructor)
    wanted = operations.Wanted.like(slot, class_type=class_type)
    operations.change_slots(slot=slot, wanted=wanted, scope=operations.Scope.THIS, revision=0, by=None)


def assign(class_type: ClassType, instructor: Instructor) -> None:
    slot = SlotFactory(class_type=class_type)
    operations.assign_substitute(slot=slot, instructor=instructor, revision=0, by=UserFactory())


def accept(class_type: ClassType, instructor: Instructor) -> None:
    slot = SlotFactory(class_type=class_type)
    request = operations.ask_for_substitute(slot=slot, by=slot.instructor.user)
    operations.accept_substitution(request=request, instructor=instructor, revision=0, by=instructor.user)


WAYS = [draft, publish, start_series, change_teacher, change_class_type, assign, accept]


@pytest.mark.parametrize("plan", WAYS)
def test_whoever_does_not_hold_it_is_refused_with_the_reason(
    plan: Callable[[ClassType, Instructor], None], chair_yoga: ClassType, marco: Instructor
) -> None:
    with pytest.raises(DomainError) as refused:
        plan(chair_yoga, marco)

    assert SENTENCE.rstrip(".") in str(refused.value)


@pytest.mark.parametrize("plan", WAYS)
def test_whoever_holds_it_is_planned(
    plan: Callable[[ClassType, Instructor], None], chair_yoga: ClassType, seated: Qualification, marco: Instructor
) -> None:
    CertificateFactory(instructor=marco, qualification=seated)

    plan(chair_yoga, marco)

    assert Slot.objects.filter(class_type=chair_yoga, instructor=marco).exists()


@pytest.mark.parametrize(("days", "is_planned"), [(-1, False), (0, True)])
def test_a_certificate_holds_up_to_and_with_its_last_day(
    days: int, is_planned: bool, chair_yoga: ClassType, seated: Qualification, marco: Instructor
) -> None:
    day_of_class = clock.clinic_time(clock.now() + timedelta(days=3)).date()
    CertificateFactory(instructor=marco, qualification=seated, expires_on=day_of_class + timedelta(days=days))

    if is_planned:
        draft(chair_yoga, marco)
    else:
        with pytest.raises(operations.NotQualified):
            draft(chair_yoga, marco)

    assert Slot.objects.exists() == is_planned


def test_a_manager_enters_qualifications_certificates_and_what_a_class_type_asks_for(
    managers_client: Client, marco: Instructor
) -> None:
    added = managers_client.post(admin_page("qualification_add"), {"name": "Seated practice", "description": ""})
    seated = Qualification.objects.get()
    asked = managers_client.post(admin_page("classtype_add"), CHAIR_YOGA | {"qualifications": [seated.pk]})
    fields: dict[str, Any] = {
        "user": marco.user_id,
        "name": "Marco",
        "is_active": "on",
        "certificates-TOTAL_FORMS": 1,
        "certificates-INITIAL_FORMS": 0,
        "certificates-0-qualification": seated.pk,
        "certificates-0-expires_on": "2027-03-31",
    }
    held = managers_client.post(admin_page("instructor_change", marco.pk), fields)

    assert [answer.status_code for answer in (added, asked, held)] == [302] * 3
    assert list(ClassType.objects.get().qualifications.all()) == [seated]
    certificate = Certificate.objects.get()
    assert (certificate.instructor, f"{certificate.expires_on}") == (marco, "2027-03-31")


def test_the_manager_is_shown_which_certificates_run_out(managers_client: Client, seated: Qualification) -> None:
    today = clock.clinic_today()
    ends = {"Ended": -1, "Today": 0, "Soon": 30, "Later": 31, "Left": 5}
    for name, days in ends.items():
        CertificateFactory(
            instructor=InstructorFactory(user__name=name, is_active=name != "Left"),
            qualification=seated,
            expires_on=today + timedelta(days=days),
        )
    CertificateFactory(instructor=InstructorFactory(user__name="For good"), qualification=seated)

    text = words(managers_client.get("/manage/"))

    assert [name for name in [*ends, "For good"] if f"{name}: Seated practice" in text] == ["Ended", "Today", "Soon"]
    assert "Ended: Seated practice, ended on" in text
    assert "Today: Seated practice, valid until" in text


def test_nothing_is_said_while_nothing_runs_out(managers_client: Client) -> None:
    assert "Qualifications that run out" not in words(managers_client.get("/manage/"))
