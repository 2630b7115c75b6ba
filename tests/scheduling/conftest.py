"""A moment to stand at, people with roles, and no page left over from another test."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts import roles
from core import clock
from scheduling.freshness import kept_pages
from scheduling.models import Instructor
from tests.factories import InstructorFactory, UserFactory

MONDAY_MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Berlin
StandAt = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    kept_pages.forget()


@pytest.fixture
def stand_at(monkeypatch: pytest.MonkeyPatch) -> StandAt:
    """Stand at a moment; again and again in one test."""

    def stand(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

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
