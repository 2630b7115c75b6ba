"""What everybody may read about an instructor, and nothing beyond."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core import clock
from scheduling.models import Instructor, Slot
from tests.booking.reading import without_writing, words
from tests.factories import CertificateFactory, InstructorFactory, QualificationFactory, SlotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def helena(db: None) -> Instructor:
    return InstructorFactory(
        name="Helena Brandt",
        qualification="Yoga therapist",
        bio="Teaches on the chair.",
        user__email="helena.private@example.org",
        user__name="Helena Elfriede Brandt",
    )


def address(instructor: Instructor) -> str:
    return f"/instructors/{instructor.pk}/"


def test_it_tells_who_she_is_what_she_has_learnt_and_when_she_teaches(helena: Instructor, client: Client) -> None:
    yesterday = clock.clinic_today() - timedelta(days=1)
    CertificateFactory(instructor=helena, qualification=QualificationFactory(name="Seated practice"))
    CertificateFactory(instructor=helena, qualification__name="First aid", expires_on=clock.clinic_today())
    CertificateFactory(instructor=helena, qualification__name="Lapsed one", expires_on=yesterday)
    SlotFactory(instructor=helena, class_type__name="Chair Yoga")
    SlotFactory(class_type__name="Of somebody else")

    page = without_writing(lambda: client.get(address(helena)))

    text = words(page)
    for shown in ("Helena Brandt", "Yoga therapist", "Teaches on the chair.", "Seated practice", "First aid"):
        assert shown in text
    assert "Chair Yoga" in text
    assert text.count("Helena Brandt") == 1  # the page is hers, so her classes need not say it again
    assert "Lapsed one" not in text and "Of somebody else" not in text


def test_it_shows_nothing_personal_and_nothing_unpublished(helena: Instructor, client: Client) -> None:
    SlotFactory(instructor=helena, class_type__name="Draft class", state=Slot.State.DRAFT)
    SlotFactory(
        instructor=helena,
        class_type__name="Cancelled class",
        state=Slot.State.CANCELLED,
        starts_at=clock.now() + timedelta(days=9),
    )

    page = client.get(address(helena)).content.decode()

    for hidden in ("helena.private", "Elfriede", "Draft class", "Cancelled class"):
        assert hidden not in page
    assert "No classes are planned at present." in page


def test_who_does_not_teach_at_present_has_no_page(client: Client) -> None:
    gone = InstructorFactory(is_active=False)
    slot = SlotFactory(instructor=gone)

    assert client.get(address(gone)).status_code == 404
    assert address(gone) not in client.get(f"/slots/{slot.pk}/").content.decode()


def test_the_class_leads_to_its_instructor(helena: Instructor, client: Client) -> None:
    slot = SlotFactory(instructor=helena)

    assert f'<a href="{address(helena)}">Helena Brandt</a>' in client.get(f"/slots/{slot.pk}/").content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_it_costs_the_same_for_many_classes_as_for_one(
    rows: int, helena: Instructor, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for nth in range(rows):
        SlotFactory(instructor=helena, starts_at=clock.now() + timedelta(days=nth + 1))
        CertificateFactory(instructor=helena)

    with django_assert_num_queries(3):
        page = client.get(address(helena))

    assert [words(page).count(slot.class_type.name) for slot in Slot.objects.all()] == [1] * rows
