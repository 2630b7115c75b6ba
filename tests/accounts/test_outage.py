"""Redis away: nobody sees a 500; what needs its limits says so, what does not goes on."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis_away(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
        }
    }


@pytest.mark.usefixtures("redis_away")
@pytest.mark.parametrize("page", ["login/", "login/password/", "signup/"])
def test_the_pages_show(client: Client, page: str) -> None:
    assert client.get(f"/accounts/{page}", follow=True).status_code == 200


@pytest.mark.usefixtures("redis_away")
def test_no_code_is_sent_but_a_sentence_says_what_to_do(client: Client, mails: Mails) -> None:
    answer = client.post("/accounts/login/?next=/slots/7/", {"email": "known@example.org"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    page = answer.content.decode()
    assert "We cannot sign anybody in right now" in page
    assert 'href="/accounts/login/?next=/slots/7/"' in page
    assert mails.due == []


@pytest.mark.usefixtures("redis_away")
def test_no_password_is_tried(client: Client) -> None:
    UserFactory(email="known@example.org", password="correct horse battery")

    answer = client.post(
        "/accounts/login/password/", {"login": "known@example.org", "password": "correct horse battery"}
    )

    assert answer.status_code == 503
    assert "_auth_user_id" not in client.session


def test_a_code_that_was_sent_before_still_works(
    client: Client, ask_for_code: AskForCode, request: pytest.FixtureRequest
) -> None:
    user = UserFactory(email="known@example.org")
    code = ask_for_code("known@example.org")

    request.getfixturevalue("redis_away")
    wrong = client.post("/accounts/login/code/", {"code": "000000" if code != "000 000" else "111111"})
    client.post("/accounts/login/code/", {"code": code})

    assert "You have 2 more tries." in wrong.content.decode()
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.usefixtures("redis_away")
def test_whoever_is_signed_in_stays_so(client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get("/my/profile/").status_code == 200
