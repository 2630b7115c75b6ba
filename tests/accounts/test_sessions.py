"""Sessions that have ended leave nothing behind."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.tasks import forget_ended_sessions
from core import clock
from tests.accounts.conftest import AskForCode

pytestmark = pytest.mark.django_db


def test_only_sessions_that_have_ended_are_forgotten(client: Client, ask_for_code: AskForCode) -> None:
    ask_for_code("known@example.org")
    running = client.session.session_key
    Session.objects.create(session_key="ended", session_data="", expire_date=clock.now() - timedelta(seconds=1))

    forget_ended_sessions()

    assert [session.session_key for session in Session.objects.all()] == [running]


def test_the_challenge_of_a_passkey_ends_with_its_session(client: Client) -> None:
    client.get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert Session.objects.update(expire_date=clock.now() - timedelta(seconds=1)) == 1

    forget_ended_sessions()

    assert Session.objects.count() == 0
