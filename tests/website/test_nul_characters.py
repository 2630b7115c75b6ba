"""Fault 66: PostgreSQL takes no NUL character. Wherever a visitor can put one, the answer is a clear one, never a 500.

What single forms and the API say about it stands beside their other tests; here it goes in everywhere.
"""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import Patient
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NUL = "a\x00b"
LISTS = sorted(
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
)


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(UserFactory(role=roles.MANAGER))
    return client


def heading(html: str) -> str:
    found = re.search(r"<h1>(.+?)</h1>", html)
    return found[1] if found else ""


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("name", ["q", "o", "p", "state", "email", "id__exact", "pk__in", NUL])
def test_a_list_of_the_admin_refuses_a_nul_in_its_query(manager: Client, address: str, name: str) -> None:
    answer = manager.get(address, {name: NUL})

    assert (answer.status_code, heading(answer.content.decode())) == (400, "We did not understand that")


@pytest.mark.parametrize("name", ["name", "account", "phone", "birth_date", "_save", NUL])
def test_a_form_of_the_admin_refuses_a_nul(manager: Client, name: str) -> None:
    answer = manager.post(reverse("admin:accounts_patient_add"), {"name": "Anna", name: NUL})

    assert (answer.status_code, heading(answer.content.decode())) == (400, "We did not understand that")
    assert Patient.objects.count() == 0


def test_an_escaped_nul_is_ordinary_text_to_a_list_of_the_admin(manager: Client) -> None:
    assert manager.get(f"{reverse('admin:accounts_user_changelist')}?q=%2500").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/no/%00/page/", "/slots/%00/", "/my/bookings/1%00/", "/unsubscribe/%00/", "/static/%00.css", "/admin/%00/"],
)
def test_a_nul_in_an_address_is_not_found(manager: Client, address: str) -> None:
    assert manager.get(address).status_code == 404


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages", "django_language"])
def test_a_nul_in_a_cookie_is_as_good_as_no_cookie(client: Client, cookie: str) -> None:
    client.cookies[cookie] = NUL

    assert client.get("/my/").status_code == 302
    assert client.get("/accounts/login/").status_code == 200


@pytest.mark.parametrize("address", ["/timetable/", "/my/", "/teach/", "/desk/", "/desk/messages/", "/accounts/login/"])
def test_a_nul_in_the_query_of_a_page_breaks_nothing(manager: Client, address: str) -> None:
    names = ["q", "state", "kind", "before", "focus", "level", "instructor", "location", "from", "day", "page", "next"]

    answers = {name: manager.get(address, {name: NUL}).status_code for name in (*names, NUL)}

    assert set(answers.values()) <= {200, 302, 400}, answers
