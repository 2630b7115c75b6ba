"""Accounts and patients themselves: their rules in the database, and the operations on them."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import operations, roles
from accounts.models import Patient, User
from accounts.operations import AccountExists
from tests.accounts.conftest import Mails
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_there_is_one_account_per_address_whatever_its_case() -> None:
    User.objects.create_user("Person@Example.org")

    with pytest.raises(IntegrityError, match="one_account_per_email"), transaction.atomic():
        User.objects.create_user("person@example.ORG")
    with pytest.raises(IntegrityError, match="an_email_is_in_lower_case"), transaction.atomic():
        User.objects.bulk_create([User(email="Person@example.org")])
    assert User.objects.get_by_natural_key(" PERSON@example.org ").email == "person@example.org"


def test_opening_an_account_makes_the_patient_that_its_holder_is() -> None:
    user = operations.open_account(email="Nora@Example.org", name="Nora", phone="030 1234567")

    patient = Patient.objects.get(account=user, is_account_holder=True)
    assert (user.email, user.roles, user.has_usable_password()) == ("nora@example.org", {roles.PATIENT}, False)
    assert (patient.name, patient.phone) == ("Nora", "030 1234567")
    assert EmailAddress.objects.get(user=user).verified


def test_opening_a_second_account_is_refused_and_leaves_nothing_behind() -> None:
    operations.open_account(email="nora@example.org", name="Nora")

    with pytest.raises(AccountExists):
        operations.open_account(email="NORA@example.org", name="Nora again")

    assert list(Patient.objects.values_list("name", flat=True)) == ["Nora"]


def test_a_failure_on_the_way_opens_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IntegrityError, match="a_patient_has_a_name"):
        operations.open_account(email="nora@example.org", name="")

    assert not User.objects.exists()


def test_staff_get_an_account_without_a_patient() -> None:
    user = operations.open_account(email="ida@example.org", name="Ida", role=roles.INSTRUCTOR)

    assert (user.roles, user.own_patient) == ({roles.INSTRUCTOR}, None)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"name": "", "phone": "030 1"}, "a_patient_has_a_name"),
        ({"name": "Nora"}, "a_patient_can_be_reached"),
        ({"name": "Nora", "phone": "030 1", "is_account_holder": True}, "an_account_holder_has_an_account"),
    ],
)
def test_the_database_refuses_an_impossible_patient(fields: dict[str, object], rule: str) -> None:
    with pytest.raises(IntegrityError, match=rule):
        Patient.objects.create(**fields)


def test_an_account_has_one_holder_and_any_number_of_dependants() -> None:
    holder = PatientFactory()
    for name in ("Child", "Parent"):
        Patient.objects.create(account=holder.account, name=name)

    with pytest.raises(IntegrityError, match="one_account_holder_per_account"), transaction.atomic():
        PatientFactory(account=holder.account)

    assert holder.account is not None
    assert Patient.objects.of_account(holder.account).count() == 3
    assert holder.account.own_patient == holder


@pytest.mark.parametrize("phone", ["+49 30 1234567", "(030) 123-45", "030/1234567", "0301234567"])
def test_phone_numbers_are_taken_as_people_write_them(phone: str) -> None:
    patient = Patient(name="Nora", phone=phone)

    patient.full_clean(exclude=["account"])
    patient.save()

    assert Patient.objects.get().phone == phone


@pytest.mark.parametrize("phone", ["call me", "12", "030 12345\n67", "0" * 41, "=1+1"])
def test_what_is_no_phone_number_is_refused(phone: str) -> None:
    with pytest.raises(ValidationError):
        Patient(name="Nora", phone=phone).full_clean(exclude=["account"])


@pytest.mark.parametrize("birth_date", ["1899-12-31", "2999-01-01", "9999-12-31"])
def test_nobody_is_born_in_the_future_or_before_1900(birth_date: str) -> None:
    with pytest.raises(ValidationError, match="between 1900 and today"):
        Patient(name="Nora", phone="030 12345", birth_date=birth_date).full_clean(exclude=["account"])


def test_when_staff_change_an_address_the_old_one_opens_nothing_and_is_told(mails: Mails) -> None:
    user = UserFactory(email="old@example.org")
    User.objects.filter(pk=user.pk).update(email="new@example.org")
    user.refresh_from_db()

    operations.announce_changed_email(user=user, old="old@example.org")

    (mail,) = mails.due
    assert (mail.kind, mail.recipient, mail.email) == ("security_notice", user, "old@example.org")
    assert mail.context["change"] == "email_changed"
    assert not EmailAddress.objects.filter(user=user).exists()
