"""One page for everybody: an address goes in, a code comes back, and everybody lands where they belong."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import roles
from accounts.models import User
from tests.accounts.conftest import CODE_PAGE, AskForCode, Mails, signed_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def words(content: bytes) -> str:
    """A page without what differs from answer to answer: the CSRF token and the address itself."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", content.decode())
    return re.sub(r"\w+@example\.org", "ADDRESS", page)


def test_a_known_patient_comes_back_to_the_slot_with_the_code_alone(client: Client, mails: Mails) -> None:
    user = UserFactory(email="known@example.org")

    client.post("/accounts/login/", {"email": "KNOWN@example.org", "next": "/slots/7/"})
    done = client.post(CODE_PAGE, {"code": mails.last_code})

    assert done["Location"] == "/slots/7/"
    assert signed_in(client) == user


def test_without_a_wish_a_patient_lands_on_their_bookings(client: Client, ask_for_code: AskForCode) -> None:
    UserFactory(email="known@example.org", role=roles.PATIENT)

    done = client.post("/accounts/login/code/", {"code": ask_for_code("known@example.org", then="")})

    assert done["Location"] == "/my/"


@pytest.mark.parametrize(
    ("role", "home"), [(roles.MANAGER, "/manage/"), (roles.FRONT_DESK, "/desk/"), (roles.INSTRUCTOR, "/teach/")]
)
def test_without_a_wish_staff_land_where_they_work(
    client: Client, ask_for_code: AskForCode, role: str, home: str
) -> None:
    UserFactory(email="staff@example.org", role=role)

    done = client.post("/accounts/login/code/", {"code": ask_for_code("staff@example.org", then="")})

    assert done["Location"] == home


def test_known_and_unknown_addresses_get_the_same_answer_after_the_same_work(mails: Mails) -> None:
    UserFactory(email="known@example.org", password="correct horse battery")
    answers, work = {}, {}

    for email in ("known@example.org", "unknown@example.org"):
        visitor = Client()
        with CaptureQueriesContext(connection) as queries:
            asked = visitor.post("/accounts/login/", {"email": email, "next": "/slots/7/"})
            page = visitor.get(asked["Location"])
            wrong = visitor.post(asked["Location"], {"code": "000000" if mails.last_code != "000 000" else "111111"})
        answers[email] = [asked.status_code, asked["Location"], *(words(answer.content) for answer in (page, wrong))]
        work[email] = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]

    assert answers["known@example.org"] == answers["unknown@example.org"]
    assert work["known@example.org"] == work["unknown@example.org"]
    assert not [sql for sql in work["known@example.org"] if "accounts_user" in sql]
    assert [mail.kind for mail in mails.due] == ["login_code", "login_code"]


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\x00//evil.example",
        "http://testserver//evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(client: Client, mails: Mails, evil: str) -> None:
    UserFactory(email="known@example.org")

    asked = client.post("/accounts/login/", {"email": "known@example.org", "next": evil})
    done = client.post("/accounts/login/code/", {"code": mails.last_code, "next": evil})

    assert asked["Location"] == "/accounts/login/code/"
    assert done["Location"] == "/my/"


def test_an_account_that_was_switched_off_is_told_so_once_the_mailbox_is_proven(
    client: Client, ask_for_code: AskForCode
) -> None:
    UserFactory(email="gone@example.org", is_active=False)

    answer = client.post("/accounts/login/code/", {"code": ask_for_code("gone@example.org")})

    assert answer["Location"] == "/accounts/inactive/"
    assert "switched off" in client.get(answer["Location"]).content.decode()
    assert signed_in(client) is None


def test_an_account_made_by_staff_is_claimed_by_whoever_reads_its_mailbox(
    client: Client, ask_for_code: AskForCode
) -> None:
    user = User.objects.create_user("made-at-the-desk@example.org", name="Dora")

    done = client.post("/accounts/login/code/", {"code": ask_for_code("made-at-the-desk@example.org")})

    assert done["Location"] == "/my/"
    assert signed_in(client) == user


def test_signing_out_takes_a_click_and_a_link_does_nothing(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)

    client.get("/accounts/logout/")
    still = signed_in(client)
    out = client.post("/accounts/logout/")

    assert still == user
    assert out["Location"] == "/"
    assert signed_in(client) is None


@pytest.mark.parametrize(
    "page", ["login/", "login/code/", "login/password/", "signup/", "inactive/", "logout/", "email/"]
)
def test_looking_at_a_page_writes_nothing(client: Client, ask_for_code: AskForCode, page: str) -> None:
    ask_for_code("new@example.org")

    with CaptureQueriesContext(connection) as queries:
        client.get(f"/accounts/{page}")

    assert not [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]


@pytest.mark.parametrize(
    ("held", "is_superuser", "home"),
    [
        ([], True, "/manage/"),
        ([roles.MANAGER, roles.INSTRUCTOR], False, "/manage/"),
        ([roles.FRONT_DESK, roles.INSTRUCTOR], False, "/desk/"),
        ([roles.INSTRUCTOR, roles.PATIENT], False, "/teach/"),
        ([roles.PATIENT], False, "/my/"),
    ],
)
def test_everybody_begins_at_their_own_place(
    client: Client, mails: Mails, held: list[str], is_superuser: bool, home: str
) -> None:
    user = UserFactory(email="ida@example.org", is_superuser=is_superuser)
    roles.set_roles(user, held)

    client.post("/accounts/login/", {"email": user.email})
    done = client.post("/accounts/login/code/", {"code": mails.last_code})

    assert done["Location"] == home


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/login/code/"])
def test_the_one_field_of_a_page_has_the_focus(client: Client, mails: Mails, page: str) -> None:
    client.post("/accounts/login/", {"email": "ida@example.org"})

    assert client.get(page).content.decode().count(" autofocus") == 1


def test_a_page_with_several_fields_leaves_the_focus_at_its_top(client: Client, ask_for_code: AskForCode) -> None:
    client.post(CODE_PAGE, {"code": ask_for_code("nora@example.org")})

    pages = [client.get(page).content.decode() for page in ("/accounts/signup/", "/accounts/login/password/")]

    assert "Your name" in pages[0]
    assert [page.count(" autofocus") for page in pages] == [0, 0]
