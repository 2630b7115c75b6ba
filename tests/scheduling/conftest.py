"""A moment to stand at, people with roles, and no page left over from another test."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from accounts import roles
from accounts.models import User
from core import clock
from scheduling.freshness import kept_pages
from scheduling.models import Instructor, Series
from scheduling.operations import start_series
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SeriesFactory, UserFactory

MONDAY_MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Berlin
StandAt = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    kept_pages.forget()


@pytest.fixture
def stand_at(monkeypatch: pytest.MonkeyPatch) -> StandAt:
    """Stand at a moment; again and again in one test."""

    def stand(moment: datetime) -> None:
        monkeypatch.setattr(clock, "reading", lambda: moment)

    return stand


@pytest.fixture
def monday(stand_at: StandAt) -> datetime:
    """It is Monday 23 November 2026, 09:00 in Berlin."""
    stand_at(MONDAY_MORNING)
    return MONDAY_MORNING


@pytest.fixture
def instructor(db: None) -> Instructor:
    asha: Instructor = InstructorFactory(user__name="Asha Lind")
    roles.assign_role(asha.user, roles.INSTRUCTOR)
    return asha


@pytest.fixture
def instructors_client(instructor: Instructor) -> Client:
    client = Client()
    client.force_login(instructor.user)
    return client


@pytest.fixture
def managers_client(db: None) -> Client:
    manager = UserFactory()
    roles.assign_role(manager, roles.MANAGER)
    client = Client()
    client.force_login(manager)
    return client


@pytest.fixture
def twentieth_of_october(stand_at: StandAt) -> None:
    """Two of the `mondays` are over (5 and 12 October), and the clocks are set back on the 25th."""
    stand_at(datetime(2026, 10, 20, 8, tzinfo=UTC))


@pytest.fixture
def mondays() -> Series:
    """A series: Mondays at 18:00 since 5 October."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    with pytest.MonkeyPatch.context() as before:
        before.setattr(clock, "reading", lambda: datetime(2026, 10, 1, tzinfo=UTC))
        return start_series(series=SeriesFactory.build(starts_on=date(2026, 10, 5), **parts))


@pytest.fixture
def editor() -> User:
    return UserFactory()
