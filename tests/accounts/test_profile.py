"""One's own profile, and the change of one's address."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import roles
from accounts.models import Patient, User
from tests.accounts.conftest import Mails
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_patient_changes_name_and_numbers_on_account_and_patient(client: Client) -> None:
    patient = PatientFactory()
    other = PatientFactory()
    assert patient.account is not None
    client.force_login(patient.account)

    done = client.post(
        "/my/profile/",
        {"name": "Nora New", "phone": "030 1234567", "birth_date": "1961-05-04", "is_staff": "on", "account": "1"},
    )

    patient = Patient.objects.get(pk=patient.pk)
    assert patient.account is not None
    assert done["Location"] == "/my/profile/"
    assert (patient.name, patient.phone, str(patient.birth_date)) == ("Nora New", "030 1234567", "1961-05-04")
    assert (patient.account.name, patient.account.is_staff) == ("Nora New", False)
    assert Patient.objects.get(pk=other.pk).name == other.name


def test_the_page_shows_what_is_known(client: Client) -> None:
    patient = PatientFactory(phone="030 1234567", birth_date="1961-05-04")
    assert patient.account is not None
    client.force_login(patient.account)

    page = client.get("/my/profile/").content.decode()

    for words in (patient.name, 'value="030 1234567"', 'value="1961-05-04"', patient.account.email):
        assert words in page


def test_staff_who_take_part_in_no_class_have_a_name_only(client: Client) -> None:
    user = UserFactory(role=roles.INSTRUCTOR)
    client.force_login(user)

    page = client.get("/my/profile/").content.decode()
    client.post("/my/profile/", {"name": "Ida", "phone": "030 1234567"})

    assert 'name="phone"' not in page
    assert User.objects.get().name == "Ida"
    assert not Patient.objects.exists()


@pytest.mark.parametrize(("role", "hinted"), [(roles.FRONT_DESK, True), (roles.PATIENT, False)])
def test_staff_are_asked_to_add_a_second_step(client: Client, role: str, hinted: bool) -> None:
    client.force_login(UserFactory(role=role))

    page = client.get("/my/profile/").content.decode()

    assert ("Add a second step" in page) == hinted


def test_a_visitor_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/my/profile/")["Location"] == "/accounts/login/?next=/my/profile/"


def test_an_address_changes_once_the_new_mailbox_is_proven_and_the_old_one_is_told(
    client: Client, mails: Mails
) -> None:
    user = UserFactory(email="old@example.org")
    client.force_login(user)

    asked = client.post("/accounts/email/", {"email": "New@example.org", "action_add": ""})
    before = User.objects.get().email
    page = client.get(asked["Location"]).content.decode()
    client.post(asked["Location"], {"code": mails.last_code})

    assert asked["Location"] == "/accounts/email/code/"
    assert before == "old@example.org"
    assert "new@example.org" in page
    assert User.objects.get().email == "new@example.org"
    assert [(mail.kind, mail.email, mail.context.get("change")) for mail in mails.due] == [
        ("email_confirmation", "new@example.org", None),
        ("security_notice", "old@example.org", "email_changed"),
    ]
    assert [address.email for address in EmailAddress.objects.filter(user=user)] == ["new@example.org"]


def test_a_taken_address_is_refused_only_to_whoever_reads_its_mailbox(client: Client, mails: Mails) -> None:
    UserFactory(email="taken@example.org")
    client.force_login(UserFactory(email="old@example.org"))

    asked = client.post("/accounts/email/", {"email": "taken@example.org", "action_add": ""})
    answer = client.post(asked["Location"], {"code": mails.last_code})

    assert asked["Location"] == "/accounts/email/code/"
    assert "There is already an account with this e-mail address." in answer.content.decode()
    assert User.objects.filter(email="old@example.org").exists()


def test_three_wrong_codes_end_the_change(client: Client, mails: Mails) -> None:
    client.force_login(UserFactory(email="old@example.org"))
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    right = mails.last_code
    wrong = "000000" if right != "000 000" else "111111"

    for code in (wrong, wrong, wrong, right):
        client.post("/accounts/email/code/", {"code": code})

    assert User.objects.get().email == "old@example.org"


def test_with_a_password_the_change_asks_for_it_first(client: Client, mails: Mails) -> None:
    user = UserFactory(email="old@example.org", password="correct horse battery")
    client.force_login(user)

    answer = client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    page = client.get(answer["Location"]).content.decode()
    client.post(answer["Location"], {"password": "correct horse battery", "next": "/accounts/email/"})

    assert answer["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2Femail%2F"
    assert "Is it you?" in page
    assert [(mail.kind, mail.email) for mail in mails.due] == [("email_confirmation", "new@example.org")]
