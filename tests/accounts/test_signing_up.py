"""Who is new says who it is, once the mailbox is proven, and not before."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import roles
from accounts.models import Patient, User
from core import clock
from tests.accounts.conftest import CODE_PAGE, AskForCode, Mails, signed_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_new_patient_signs_up_and_comes_back_to_the_slot(client: Client, mails: Mails) -> None:
    asked = client.post("/accounts/login/?next=/slots/7/", {"email": "New@Example.org", "next": "/slots/7/"})
    proven = client.post(asked["Location"], {"code": mails.last_code, "next": "/slots/7/"})
    welcome = client.get(proven["Location"])
    done = client.post(proven["Location"], {"name": "Nora New", "phone": "030 1234567", "next": "/slots/7/"})

    assert asked["Location"] == CODE_PAGE
    assert proven["Location"] == "/accounts/signup/?next=%2Fslots%2F7%2F"
    assert "new@example.org" in welcome.content.decode()
    assert done["Location"] == "/slots/7/"
    user = signed_in(client)
    assert user is not None
    assert (user.email, user.name, user.is_staff) == ("new@example.org", "Nora New", False)
    assert user.roles == {roles.PATIENT}
    assert user.own_patient is not None
    assert (user.own_patient.name, user.own_patient.phone) == ("Nora New", "030 1234567")


def test_nobody_signs_up_without_a_proven_mailbox(client: Client, ask_for_code: AskForCode) -> None:
    ask_for_code("new@example.org")

    answer = client.post("/accounts/signup/?next=/slots/7/", {"name": "Nora", "email": "new@example.org"})

    assert answer["Location"] == "/accounts/login/?next=%2Fslots%2F7%2F"
    assert not User.objects.exists()


def test_a_proof_is_good_for_half_an_hour(
    client: Client, ask_for_code: AskForCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    moment = clock.now() + timedelta(minutes=31)
    monkeypatch.setattr(clock, "reading", lambda: moment)

    client.post("/accounts/signup/", {"name": "Nora"})

    assert not User.objects.exists()


def test_signing_up_ignores_fields_that_it_did_not_ask_for(client: Client, ask_for_code: AskForCode) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})

    client.post(
        "/accounts/signup/",
        {
            "name": "Nora",
            "email": "boss@example.org",
            "is_staff": "on",
            "is_superuser": "on",
            "role": "manager",
            "groups": "1",
            "password": "x",
        },
    )

    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser, user.roles) == ("new@example.org", False, False, {"patient"})
    assert not user.has_usable_password()


@pytest.mark.parametrize("name", ["", " ", "Two\nlines", "Nul\x00", "Right\u202eleft", "x" * 151, "x" * 1_000_000])
def test_signing_up_refuses_a_name_that_is_none(client: Client, ask_for_code: AskForCode, name: str) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})

    answer = client.post("/accounts/signup/", {"name": name})

    assert "Please check this first" in answer.content.decode()
    assert not User.objects.exists()


def test_signing_up_in_two_windows_opens_one_account(client: Client, ask_for_code: AskForCode) -> None:
    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    UserFactory(email="new@example.org", name="Opened in the other window")

    client.post("/accounts/signup/", {"name": "Nora"})

    assert signed_in(client) == User.objects.get()


def test_a_patient_without_account_stays_one(ask_for_code: AskForCode, client: Client) -> None:
    """The desk's card index is not taken over by somebody who signs up under the same name."""
    Patient.objects.create(name="Nora New", phone="030 1234567")

    client.post("/accounts/login/code/", {"code": ask_for_code("new@example.org")})
    client.post("/accounts/signup/", {"name": "Nora New", "phone": "030 1234567"})

    assert Patient.objects.filter(account=None).count() == 1
