"""What is taught, where and by whom, for everybody's program."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from core import clock
from scheduling.models import Instructor
from tests.api.client import DescribedClient
from tests.factories import (
    CertificateFactory,
    ClassTypeFactory,
    InstructorFactory,
    LocationFactory,
    QualificationFactory,
    RoomFactory,
)

pytestmark = pytest.mark.django_db


def test_class_types_tell_what_is_offered(visitor: DescribedClient) -> None:
    taught = ClassTypeFactory(price=1800)
    asked = QualificationFactory()
    taught.qualifications.add(asked)
    ClassTypeFactory(is_active=False)

    [answer] = visitor.get("/api/v1/class-types/").json()["results"]

    assert (answer["id"], answer["price"], answer["currency"]) == (taught.pk, 1800, "eur")
    assert answer["qualifications"] == [{"id": asked.pk, "name": asked.name}]


def test_locations_come_with_their_rooms(visitor: DescribedClient) -> None:
    room = RoomFactory(size=12)
    LocationFactory()

    first, second = visitor.get("/api/v1/locations/").json()["results"]

    assert first["rooms"] == [{"id": room.pk, "name": room.name, "size": 12}]
    assert second["rooms"] == []


def test_instructors_are_as_public_as_their_page(visitor: DescribedClient, instructor: Instructor) -> None:
    valid = CertificateFactory(instructor=instructor, expires_on=clock.clinic_today())
    CertificateFactory(instructor=instructor, expires_on=clock.clinic_today() - timedelta(days=1))
    InstructorFactory(is_active=False)

    [answer] = visitor.get("/api/v1/instructors/").json()["results"]

    assert answer == {
        "id": instructor.pk,
        "name": instructor.name,
        "qualification": "",
        "bio": "",
        "qualifications": [{"id": valid.qualification_id, "name": valid.qualification.name}],
    }


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("class-types", 2), ("locations", 2), ("instructors", 2)])
def test_a_list_costs_the_same_queries_for_many(
    visitor: DescribedClient,
    path: str,
    queries: int,
    rows: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(rows):
        ClassTypeFactory().qualifications.add(QualificationFactory())
        RoomFactory()
        CertificateFactory()

    with django_assert_num_queries(queries):
        assert len(visitor.get(f"/api/v1/{path}/").json()["results"]) == rows
