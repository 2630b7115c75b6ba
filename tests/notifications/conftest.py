from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from pytest_django import Settings

from core import clock
from notifications.smtp import MailConnection
from tests.notifications.mail_server import MailServer, RunningMailServer

StandAt = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a server was away in an earlier test does not count against this one."""
    monkeypatch.setattr(MailConnection, "_away_until", 0.0)


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """A mail server, and the settings that lead there; it is given up after half a second instead of ten."""
    with RunningMailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 0.5
        yield server


@pytest.fixture
def stand_at(monkeypatch: pytest.MonkeyPatch) -> StandAt:
    """Make it be that moment from now on."""

    def stand(moment: datetime) -> None:
        monkeypatch.setattr(clock, "reading", lambda: moment)

    return stand
