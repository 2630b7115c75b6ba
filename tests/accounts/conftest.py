from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.signals import account_mail_due

CODE_PAGE = "/accounts/login/code/?next=%2Fslots%2F7%2F"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """What an earlier test asked for does not count against this one."""
    cache.clear()


@dataclass
class Mail:
    kind: str
    recipient: User | None
    email: str
    context: dict[str, Any]


@dataclass
class Mails:
    """The account mails that became due, in their order."""

    due: list[Mail] = field(default_factory=list)

    def hear(self, *, kind: str, recipient: User | None, email: str, context: dict[str, Any], **_: object) -> None:
        self.due.append(Mail(kind, recipient, email, context))

    @property
    def last_code(self) -> str:
        return str(self.due[-1].context["code"])


@pytest.fixture
def mails() -> Iterator[Mails]:
    mails = Mails()
    account_mail_due.connect(mails.hear)
    yield mails
    account_mail_due.disconnect(mails.hear)


@pytest.fixture
def ask_for_code(client: Client, mails: Mails) -> "AskForCode":
    return AskForCode(client, mails)


@dataclass
class AskForCode:
    """Do what a person does on the first page: type an address, get a code."""

    client: Client
    mails: Mails

    def __call__(self, email: str, *, then: str = "/timetable/") -> str:
        self.client.post("/accounts/login/", {"email": email, "next": then})
        return self.mails.last_code


def signed_in(client: Client) -> User | None:
    """Who is signed in in this browser."""
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None
