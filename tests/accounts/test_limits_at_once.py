"""The limits on codes and passwords hold when an attacker asks through many sessions at the same moment."""

import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from tests.accounts.conftest import Mails
from tests.accounts.test_second_step import code_of, set_up_app
from tests.factories import UserFactory
from tests.races.crowd import all_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

AT_ONCE = 24


def post(address: str, typed: dict[str, str], client: Client | None = None) -> Callable[[], object]:
    """An act for a crowd: send a form, in a session of its own unless one is given."""
    return lambda: (client or Client()).post(address, typed)


def ask(email: str) -> Callable[[], object]:
    return post("/accounts/login/", {"email": email})


def test_one_mailbox_gets_three_codes_a_minute(mails: Mails) -> None:
    ended = all_at_once(ask("known@example.org") for _ in range(AT_ONCE))

    assert ended == {"ok": AT_ONCE}
    assert 1 <= len(mails.due) <= 3


def test_control_without_the_lock_of_the_count_one_mailbox_gets_more(
    mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_have_read = threading.Barrier(AT_ONCE)
    decide = ratelimit.apply_rate

    def decide_when_all_have_read(*args: Any, **named: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            all_have_read.wait(timeout=10)
        return decide(*args, **named)

    monkeypatch.setattr(ratelimit, "cache_lock", lambda _key: nullcontext(True))
    monkeypatch.setattr(ratelimit, "apply_rate", decide_when_all_have_read)

    all_at_once(ask("known@example.org") for _ in range(AT_ONCE))

    assert len(mails.due) > 3


def test_one_computer_gets_twenty_codes_a_minute_whatever_the_addresses(mails: Mails) -> None:
    all_at_once(ask(f"person{n}@example.org") for n in range(AT_ONCE))
    all_at_once(ask(f"another{n}@example.org") for n in range(AT_ONCE))

    assert 1 <= len(mails.due) <= 20


def test_five_wrong_passwords_are_tried_through_however_many_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory(email="known@example.org", password="a long enough password")
    tried: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def note(self: PBKDF2PasswordHasher, password: str, *args: object) -> str:
        tried.append(password)
        return encode(self, password, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", note)

    all_at_once(
        post("/accounts/login/password/", {"login": "known@example.org", "password": f"wrong password {n}"})
        for n in range(AT_ONCE)
    )

    assert 1 <= len(tried) <= 5


class TestSecondStep:
    @pytest.fixture
    def secret(self, client: Client) -> str:
        client.force_login(UserFactory(email="staff@example.org"))
        return set_up_app(client)

    @pytest.fixture
    def halfway(self, secret: str, mails: Mails) -> list[Client]:
        """Two sessions in which somebody who reads the mailbox is asked for the second step."""
        sessions = [Client(), Client()]
        for session in sessions:
            session.post("/accounts/login/", {"email": "staff@example.org"})
            session.post("/accounts/login/code/", {"code": mails.last_code})
        return sessions

    def test_five_wrong_codes_are_compared_through_both_sessions(
        self, halfway: list[Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compared: list[str] = []
        validate = totp.validate_totp_code

        def note(secret: str, code: str) -> bool:
            compared.append(code)
            return bool(validate(secret, code))

        monkeypatch.setattr(totp, "validate_totp_code", note)

        all_at_once(post("/accounts/2fa/authenticate/", {"code": f"{n:06}"}, halfway[n % 2]) for n in range(AT_ONCE))

        assert 1 <= len(compared) <= 5

    def test_one_code_of_the_app_opens_one_of_both_sessions(self, secret: str, halfway: list[Client]) -> None:
        code = code_of(secret, steps=1)

        all_at_once(post("/accounts/2fa/authenticate/", {"code": code}, session) for session in halfway)

        assert ["_auth_user_id" in session.session for session in halfway].count(True) == 1
