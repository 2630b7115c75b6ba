"""Fault 53: of 200 guesses at once at most three are compared with the code; without the count, many are."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account import forms as allauth_forms
from django.conf import settings
from django.db import IntegrityError, connections
from django.test import Client

from accounts import guesses, mailbox_codes, views
from accounts.guesses import forget_old_counts, guesses_left, take_guess
from accounts.models import GuessCount
from core import clock
from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

GUESSERS, GUESSES_EACH = 20, 10

Compare = Callable[..., bool]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The guesses that were compared with the code, noted where allauth compares."""
    seen: list[str] = []
    compare = allauth_forms.compare_user_code

    def note(*, actual: str, expected: str) -> bool:
        seen.append(actual)
        return compare(actual=actual, expected=expected)

    monkeypatch.setattr(mailbox_codes, "compare_user_code", note)
    monkeypatch.setattr(allauth_forms, "compare_user_code", note)
    return seen


def guess_all_at_once(client: Client, page: str, right: str) -> set[int]:
    """Let 20 threads in one visitor's session make 10 wrong guesses each; return the statuses of the answers."""
    start = threading.Barrier(GUESSERS)
    wrong = [f"{(int(right.replace(' ', '')) + n) % 1_000_000:06}" for n in range(1, GUESSERS * GUESSES_EACH + 1)]

    def guess(thread: int) -> set[int]:
        visitor = Client()
        visitor.cookies.load({settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value})
        try:
            start.wait(timeout=30)
            mine = wrong[thread::GUESSERS]
            return {visitor.post(page, {"code": code}).status_code for code in mine}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(GUESSERS) as crowd:
        return set().union(*crowd.map(guess, range(GUESSERS)))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_at_most_three_guesses_at_a_sign_in_code_are_compared(
        self, client: Client, ask_for_code: AskForCode, compared: list[str]
    ) -> None:
        right = ask_for_code("known@example.org")

        statuses = guess_all_at_once(client, "/accounts/login/code/", right)

        assert len(compared) == 3
        assert statuses <= {200, 302}

    def test_control_without_the_count_many_are_compared(
        self, client: Client, ask_for_code: AskForCode, compared: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guesses, "take_guess", lambda _attempt: True)
        right = ask_for_code("known@example.org")

        guess_all_at_once(client, "/accounts/login/code/", right)

        assert len(compared) > 3

    def test_at_most_three_guesses_at_the_code_for_a_new_address_are_compared(
        self, client: Client, mails: Mails, compared: list[str]
    ) -> None:
        client.force_login(UserFactory())
        client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})

        statuses = guess_all_at_once(client, "/accounts/email/code/", mails.last_code)

        assert 1 <= len(compared) <= 3
        assert statuses <= {200, 302}

    def test_control_allauths_own_count_is_overrun(
        self, client: Client, mails: Mails, compared: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(views, "take_guess", lambda _attempt: True)
        client.force_login(UserFactory())
        client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})

        guess_all_at_once(client, "/accounts/email/code/", mails.last_code)

        assert len(compared) > 3


@pytest.mark.django_db
class TestTheCount:
    def test_three_guesses_are_given_for_each_attempt(self) -> None:
        given = [take_guess("first") for _ in range(5)]

        assert given == [True, True, True, False, False]
        assert (guesses_left("first"), guesses_left("second")) == (0, 3)
        assert take_guess("second")

    def test_the_database_itself_refuses_a_fourth(self) -> None:
        take_guess("first")

        with pytest.raises(IntegrityError, match="at_most_three_guesses_per_code"):
            GuessCount.objects.update(guesses=4)

    def test_an_attempt_is_not_named_readably(self) -> None:
        take_guess("1764000000.5 known@example.org 0 0")

        assert "known" not in GuessCount.objects.get().attempt

    def test_old_counts_are_forgotten_and_fresh_ones_kept(self) -> None:
        take_guess("old")
        GuessCount.objects.update(created_at=clock.now() - timedelta(days=2))
        take_guess("fresh")

        forget_old_counts()

        assert (guesses_left("old"), guesses_left("fresh")) == (3, 2)
