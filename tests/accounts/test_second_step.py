"""Authenticator app, recovery codes and passkeys: allauth's, on our pages, under our content security policy."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import roles
from accounts.models import User
from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def code_of(secret: str, *, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up_app(client: Client) -> str:
    """Set up an authenticator app for whoever is signed in; return its secret."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    (secret,) = re.findall(r"<code[^>]*>([A-Z2-7]{32})</code>", page)
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    return secret


@pytest.fixture
def staff() -> User:
    return UserFactory(email="desk@example.org", role=roles.FRONT_DESK)


def test_the_app_is_asked_after_the_code_and_next_is_kept(
    client: Client, ask_for_code: AskForCode, staff: User
) -> None:
    client.force_login(staff)
    secret = set_up_app(client)
    client.post("/accounts/logout/")

    half = client.post("/accounts/login/code/?next=/desk/", {"code": ask_for_code(staff.email, then="/desk/")})
    between = "_auth_user_id" in client.session
    wrong = client.post(half["Location"], {"code": "000000"})
    done = client.post(half["Location"], {"code": code_of(secret, steps=1)})

    assert half["Location"] == "/accounts/2fa/authenticate/"
    assert not between
    assert "That did not work." in wrong.content.decode()
    assert done["Location"] == "/desk/"
    assert client.session["_auth_user_id"] == str(staff.pk)


def test_a_recovery_code_works_once(client: Client, ask_for_code: AskForCode, staff: User) -> None:
    client.force_login(staff)
    set_up_app(client)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    came_in = []
    for _ in range(2):
        client.post("/accounts/logout/")
        client.post("/accounts/login/code/", {"code": ask_for_code(staff.email)})
        client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        came_in.append("_auth_user_id" in client.session)

    assert len(codes) == 10
    assert came_in == [True, False]


def test_the_owner_is_told_and_the_secret_is_sealed(
    client: Client, mails: Mails, staff: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client.force_login(staff)

    with django_capture_on_commit_callbacks(execute=True):
        secret = set_up_app(client)

    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    assert [(mail.kind, mail.context["change"]) for mail in mails.due] == [("security_notice", "totp_activated")]


def test_guessing_the_second_step_is_limited(client: Client, ask_for_code: AskForCode, staff: User) -> None:
    client.force_login(staff)
    secret = set_up_app(client)
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"code": ask_for_code(staff.email)})

    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, steps=1)})

    assert "Too many tries." in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_taking_the_app_away_asks_who_it_is(client: Client, staff: User) -> None:
    client.force_login(staff)
    secret = set_up_app(client)
    client.force_login(staff)  # a session in which nobody has proven anything

    asked = client.post("/accounts/2fa/totp/deactivate/")
    still = Authenticator.objects.filter(type="totp").exists()
    done = client.post(asked["Location"], {"code": code_of(secret, steps=1)})

    assert still
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert done["Location"] == "/accounts/2fa/"
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "page",
    [
        "/my/profile/",
        "/accounts/email/",
        "/accounts/password/",
        "/accounts/logout/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
    ],
)
def test_pages_of_one_who_is_in_are_ours_and_keep_to_the_policy(client: Client, staff: User, page: str) -> None:
    client.force_login(staff)

    assert faults_of(client.get(page).content.decode()) == []


@pytest.mark.parametrize("page", ["login/", "login/code/", "login/password/", "inactive/"])
def test_pages_of_the_entrance_are_ours_and_keep_to_the_policy(
    client: Client, ask_for_code: AskForCode, page: str
) -> None:
    ask_for_code("new@example.org")

    assert faults_of(client.get(f"/accounts/{page}").content.decode()) == []


def test_the_pages_after_setting_up_are_ours_and_keep_to_the_policy(
    client: Client, ask_for_code: AskForCode, staff: User
) -> None:
    client.force_login(staff)
    set_up_app(client)
    again = client.get(client.get("/accounts/2fa/recovery-codes/")["Location"]).content.decode()
    client.post("/accounts/logout/")
    client.post("/accounts/login/code/", {"code": ask_for_code(staff.email)})
    second_step = client.get("/accounts/2fa/authenticate/").content.decode()

    assert [faults_of(page) for page in (again, second_step)] == [[], []]


def faults_of(page: str) -> list[str]:
    """Which rules of our pages it breaks, and each script, style or handler that the policy would stop."""
    holds = {
        "our frame": 'class="site-header"' in page,
        "one h1": page.count("<h1") == 1,
        "one main action at most": page.count('class="btn btn-primary') <= 1,
    }
    # data blocks are no scripts
    scripts = re.findall(r"<script(?![^>]*(?: src=|type=\"application/json\"))[^>]*>", page)
    others = re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    return [f"not {what}" for what, is_so in holds.items() if not is_so] + scripts + others
