"""Accounts in the admin: no way in beside ours, no hash, no code, no token, no self-made manager."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import roles
from accounts.models import Patient, User
from tests.accounts.conftest import Mails
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> User:
    user = UserFactory(email="manager@example.org", role=roles.MANAGER)
    client.force_login(user)
    return user


def change(client: Client, user: User, **fields: object) -> int:
    data = {"email": user.email, "name": user.name, "roles": sorted(user.roles), "is_active": "on"} | fields
    return client.post(f"/admin/accounts/user/{user.pk}/change/", data).status_code


def test_the_admin_is_entered_through_our_sign_in_page(client: Client) -> None:
    door = client.get("/admin/", follow=True)
    with_password = client.post("/admin/login/", {"username": "manager@example.org", "password": "x"})

    assert door.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert with_password["Location"].startswith("/accounts/login/?next=")


def test_a_patient_does_not_enter_the_admin(client: Client) -> None:
    client.force_login(UserFactory(role=roles.PATIENT))

    assert client.get("/admin/", follow=True).status_code == 403


def test_codes_tokens_groups_and_second_steps_are_not_in_the_admin() -> None:
    shown = {model._meta.label for model in admin.site._registry}

    hidden = {
        "auth.Group",
        "account.EmailAddress",
        "account.EmailConfirmation",
        "mfa.Authenticator",
        "sessions.Session",
        "accounts.ApiToken",
        "accounts.GuessCount",
    }
    assert shown & hidden == set()
    assert {"accounts.User", "accounts.Patient"} <= shown


@pytest.mark.usefixtures("manager")
def test_a_manager_adds_a_colleague_who_then_signs_in_by_code(client: Client) -> None:
    client.post(
        "/admin/accounts/user/add/",
        {"email": "Ida@Example.org", "name": "Ida", "roles": [roles.INSTRUCTOR], "is_active": "on"},
    )

    ida = User.objects.get(email="ida@example.org")
    assert (ida.name, ida.roles, ida.is_staff, ida.has_usable_password()) == ("Ida", {"instructor"}, False, False)


@pytest.mark.usefixtures("manager")
def test_the_roles_are_explained_to_managers(client: Client) -> None:
    page = client.get("/admin/accounts/user/add/").content.decode()

    assert "Instructor: plans and publishes their own classes." in page
    assert ".py" not in page


@pytest.mark.usefixtures("manager")
def test_a_second_account_for_an_address_is_refused_whatever_its_case(client: Client) -> None:
    UserFactory(email="ida@example.org")

    page = client.post("/admin/accounts/user/add/", {"email": "IDA@example.org", "name": "Ida"}).content.decode()

    assert "There is already an account with this e-mail address." in page
    assert User.objects.filter(email="ida@example.org").count() == 1


def test_the_form_knows_no_password_no_permissions_and_no_superuser(client: Client, manager: User) -> None:
    page = client.get(f"/admin/accounts/user/{manager.pk}/change/").content.decode()

    for name in ("password", "is_superuser", "user_permissions", "is_staff", "groups"):
        assert f'name="{name}"' not in page
    assert manager.password not in page


@pytest.mark.usefixtures("manager")
def test_a_manager_gives_and_takes_roles_but_makes_no_superuser(client: Client) -> None:
    user = UserFactory(role=roles.PATIENT)

    change(client, user, roles=[roles.FRONT_DESK], is_superuser="on", user_permissions=["1"])

    user = User.objects.get(pk=user.pk)
    assert (user.roles, user.is_staff, user.is_superuser) == ({roles.FRONT_DESK}, True, False)
    assert not user.user_permissions.exists()


@pytest.mark.usefixtures("manager")
def test_a_manager_does_not_touch_a_superuser(client: Client) -> None:
    root = User.objects.create_superuser("root@example.org")

    assert change(client, root, email="manager2@example.org") == 403
    assert User.objects.get(pk=root.pk).email == "root@example.org"


@pytest.mark.usefixtures("manager")
def test_a_changed_address_is_told_to_the_old_one(client: Client, mails: Mails) -> None:
    user = UserFactory(email="old@example.org", role=roles.PATIENT)

    change(client, user, email="new@example.org")

    assert [(mail.kind, mail.email) for mail in mails.due] == [("security_notice", "old@example.org")]


def test_the_front_desk_cannot_make_itself_manager(client: Client) -> None:
    desk = UserFactory(role=roles.FRONT_DESK)
    client.force_login(desk)

    status = change(client, desk, roles=[roles.MANAGER])
    added = client.post("/admin/accounts/user/add/", {"email": "x@example.org", "roles": [roles.MANAGER]}).status_code

    assert (status, added) == (403, 403)
    assert User.objects.get(pk=desk.pk).roles == {roles.FRONT_DESK}


def test_the_front_desk_finds_and_adds_patients_but_deletes_none(client: Client) -> None:
    client.force_login(UserFactory(role=roles.FRONT_DESK))
    patient = PatientFactory(name="Nora New")
    PatientFactory(name="Otto Other")

    found = client.get("/admin/accounts/patient/?q=nora").content.decode()
    client.post("/admin/accounts/patient/add/", {"name": "Without E-mail", "phone": "030 1234567"})
    deleted = client.post(f"/admin/accounts/patient/{patient.pk}/delete/", {"post": "yes"}).status_code

    assert "Nora New" in found
    assert "Otto Other" not in found
    assert Patient.objects.get(name="Without E-mail").account is None
    assert deleted == 403


def test_a_patient_is_not_moved_to_another_account(client: Client) -> None:
    client.force_login(UserFactory(role=roles.FRONT_DESK))
    patient, other = PatientFactory(), UserFactory()

    client.post(
        f"/admin/accounts/patient/{patient.pk}/change/",
        {"name": "Renamed", "account": other.pk, "is_account_holder": ""},
    )

    changed = Patient.objects.get(pk=patient.pk)
    assert (changed.name, changed.account, changed.is_account_holder) == ("Renamed", patient.account, True)


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("model", ["user", "patient"])
def test_the_lists_ask_the_database_as_often_for_three_as_for_one(client: Client, model: str) -> None:
    counts = []
    for more in (1, 2):
        PatientFactory.create_batch(more)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/admin/accounts/{model}/")
        counts.append(len(queries))

    assert counts[0] == counts[1]
