"""Who asks the API."""

import pytest

from accounts import roles
from accounts.models import Patient
from config.api.rates import counts
from scheduling.models import Instructor
from tests.api.client import DescribedClient, signed_in
from tests.factories import InstructorFactory, PatientFactory, UserFactory


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """What an earlier test asked for does not count against this one."""
    counts.forget()


@pytest.fixture
def visitor() -> DescribedClient:
    return DescribedClient()


@pytest.fixture
def patient(db: None) -> Patient:
    person: Patient = PatientFactory()
    return person


@pytest.fixture
def api(patient: Patient) -> DescribedClient:
    """The patient's program."""
    assert patient.account
    return signed_in(patient.account)


@pytest.fixture
def instructor(db: None) -> Instructor:
    teacher: Instructor = InstructorFactory()
    roles.assign_role(teacher.user, roles.INSTRUCTOR)
    return teacher


@pytest.fixture
def teaching(instructor: Instructor) -> DescribedClient:
    """The instructor's program."""
    return signed_in(instructor.user)


@pytest.fixture
def managing(db: None) -> DescribedClient:
    """The manager's program."""
    manager = UserFactory()
    roles.assign_role(manager, roles.MANAGER)
    return signed_in(manager)


@pytest.fixture
def at_the_desk(db: None) -> DescribedClient:
    """The front desk's program."""
    colleague = UserFactory()
    roles.assign_role(colleague, roles.FRONT_DESK)
    return signed_in(colleague)
