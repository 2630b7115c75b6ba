"""Someone who books, and a moment to stand at."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts import roles
from accounts.models import Patient
from core import clock
from scheduling.models import Instructor
from tests.booking.editing import signed_in
from tests.factories import InstructorFactory, PatientFactory, UserFactory

FRIDAY_NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)  # 12:00 in Berlin


@pytest.fixture
def friday_noon(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """It is Friday 20 November 2026, 12:00 in Berlin."""
    monkeypatch.setattr(clock, "reading", lambda: FRIDAY_NOON)
    return FRIDAY_NOON


@pytest.fixture
def patient(db: None) -> Patient:
    person: Patient = PatientFactory()
    return person


@pytest.fixture
def patients_client(patient: Patient) -> Client:
    """The patient's browser, signed in."""
    assert patient.account
    client = Client()
    client.force_login(patient.account)
    return client


@pytest.fixture
def asha(db: None) -> Instructor:
    return InstructorFactory(user__name="Asha Lind")


@pytest.fixture
def instructor(asha: Instructor) -> Client:
    """Asha's browser, signed in."""
    return signed_in(asha.user)


@pytest.fixture
def manager(db: None) -> Client:
    """A manager's browser, signed in."""
    return signed_in(UserFactory(name="Mona Berg", role=roles.MANAGER))
