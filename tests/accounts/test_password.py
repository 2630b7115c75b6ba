"""Passwords: optional, limited, and set anew by whoever can read the mailbox."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from core import clock
from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW = "a quiet room with mats"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 10)


def try_password(client: Client, email: str, password: str, then: str = "/slots/7/") -> tuple[int, str]:
    answer = client.post(f"/accounts/login/password/?next={then}", {"login": email, "password": password, "next": then})
    return answer.status_code, answer.get("Location", "")


def test_a_password_leads_to_the_same_place_as_a_code(client: Client) -> None:
    user = UserFactory(email="known@example.org", password=PASSWORD)

    assert try_password(client, "KNOWN@example.org", PASSWORD) == (302, "/slots/7/")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_password_leads_to_no_other_site(client: Client) -> None:
    UserFactory(email="known@example.org", password=PASSWORD)

    assert try_password(client, "known@example.org", PASSWORD, then="//evil.example") == (302, "/my/")


def test_known_and_unknown_addresses_and_missing_passwords_are_refused_alike_after_the_same_work(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory(email="known@example.org", password=PASSWORD)
    UserFactory(email="without@example.org")
    hashed: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def note(self: PBKDF2PasswordHasher, password: str, *args: object) -> str:
        hashed.append(password)
        return encode(self, password, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", note)
    work = {}
    for email in ("known@example.org", "unknown@example.org", "without@example.org"):
        hashed.clear()
        answer = client.post("/accounts/login/password/", {"login": email, "password": "wrong password"})
        work[email] = (answer.status_code, "do not belong together" in answer.content.decode(), len(hashed))

    assert set(work.values()) == {(200, True, 1)}


def test_the_sixth_wrong_password_is_not_tried_any_more(client: Client) -> None:
    UserFactory(email="known@example.org", password=PASSWORD)
    for _ in range(5):
        try_password(client, "known@example.org", "wrong password")

    answer = client.post("/accounts/login/password/", {"login": "known@example.org", "password": PASSWORD})

    assert "Too many tries." in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_password_for_an_unproven_mailbox_asks_for_its_code_first(client: Client, mails: Mails) -> None:
    user = UserFactory(email="known@example.org", password=PASSWORD)
    EmailAddress.objects.filter(user=user).delete()

    asked = try_password(client, "known@example.org", PASSWORD)
    before = "_auth_user_id" in client.session
    done = client.post("/accounts/email/code/", {"code": mails.last_code})

    assert asked == (302, "/accounts/email/code/")
    assert (mails.due[0].kind, mails.due[0].recipient) == ("email_confirmation", user)
    assert not before
    assert done["Location"] == "/slots/7/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_whoever_came_in_by_code_may_set_a_password_without_the_old_one(
    client: Client, ask_for_code: AskForCode, mails: Mails
) -> None:
    user = UserFactory(email="known@example.org", password=PASSWORD)
    client.post("/accounts/login/code/", {"code": ask_for_code("known@example.org")})

    done = client.post("/accounts/password/", {"password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert done["Location"] == "/my/profile/"
    assert user.check_password(NEW)
    assert "_auth_user_id" in client.session
    notice = mails.due[-1]
    assert (notice.kind, notice.recipient, notice.email) == ("security_notice", user, "known@example.org")
    assert notice.context["change"] == "password_changed"
    assert notice.context["sentence"] == "The password of your account was changed."


def test_ten_minutes_later_the_old_password_is_asked_for(
    client: Client, ask_for_code: AskForCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = UserFactory(email="known@example.org", password=PASSWORD)
    client.post("/accounts/login/code/", {"code": ask_for_code("known@example.org")})
    moment = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "reading", lambda: moment)

    without = client.post("/accounts/password/", {"password1": NEW, "password2": NEW})
    wrong = client.post("/accounts/password/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})
    unchanged = type(user).objects.get().check_password(PASSWORD)
    right = client.post("/accounts/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert "Present password" in without.content.decode()
    assert "That is not your present password." in wrong.content.decode()
    assert unchanged
    assert right["Location"] == "/my/profile/"


def test_a_first_password_can_be_set_at_any_time(client: Client, mails: Mails) -> None:
    user = UserFactory()
    client.force_login(user)

    client.post("/accounts/password/", {"password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert user.check_password(NEW)
    assert mails.due[-1].context["change"] == "password_set"


@pytest.mark.parametrize("weak", ["short", "password123"])
def test_a_weak_password_is_refused(client: Client, weak: str) -> None:
    user = UserFactory()
    client.force_login(user)

    client.post("/accounts/password/", {"password1": weak, "password2": weak})

    user.refresh_from_db()
    assert not user.has_usable_password()


def test_a_new_password_ends_the_sessions_elsewhere(client: Client) -> None:
    user = UserFactory()
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.force_login(user)

    client.post("/accounts/password/", {"password1": NEW, "password2": NEW})

    assert client.get("/my/profile/").status_code == 200
    assert elsewhere.get("/my/profile/")["Location"] == "/accounts/login/?next=/my/profile/"
