"""The website's own pages: what they say, where they lead, and what they never contain."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import roles
from core import clock
from scheduling.focus import FocusArea
from scheduling.models import Slot
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory, UserFactory
from website import views
from website.article import SECTIONS
from website.navigation import places_for

LANDING = "/"
ARTICLE = "/articles/how-yoga-helps-back-pain/"
MANAGE = "/manage/"
STEPS = ["scheduling/location", "scheduling/room", "scheduling/classtype", "accounts/user", "scheduling/instructor"]


def words(html: str) -> str:
    """What a reader sees of the page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


@pytest.mark.django_db
def test_the_landing_page_offers_the_next_classes_with_a_place(client: Client) -> None:
    free = SlotFactory()
    full = SlotFactory(capacity=1, taken=1, class_type__name="Full class")
    SlotFactory(state=Slot.State.DRAFT, class_type__name="Draft class")
    SlotFactory(class_type__name="Past class", starts_at=clock.now() - timedelta(days=1))

    html = page(client, LANDING)

    assert re.findall(r'href="/slots/(\d+)/"', html) == [str(free.pk)]
    assert words(html).count("Berlin time") == 1
    assert full.class_type.name not in html


@pytest.mark.django_db
def test_without_a_free_place_the_landing_page_says_what_to_do(client: Client) -> None:
    html = page(client, LANDING)

    assert "No place is free at the moment" in html
    assert "See the whole timetable" in html


def test_the_imprint_names_who_runs_the_site_from_the_settings(client: Client, settings: Settings) -> None:
    settings.CLINIC_NAME = "House of Backs"
    settings.CLINIC_ADDRESS = "Parkweg 12\n10115 Berlin"
    settings.CLINIC_PHONE = "+49 30 5550199"
    settings.CLINIC_EMAIL = "hello@clinic.example"
    settings.CLINIC_IMPRINT = "Represented by Carla Winter\nVAT number <none>"

    html = page(client, "/imprint/")

    text = words(html[html.index("<h1>") : html.index("<footer")])
    assert "House of Backs Parkweg 12 10115 Berlin Phone +49 30 5550199 E-mail hello@clinic.example" in text
    assert "Represented by Carla Winter VAT number &lt;none&gt;" in text


def test_an_imprint_of_little_says_nothing_that_is_not_known(client: Client, settings: Settings) -> None:
    settings.CLINIC_ADDRESS = settings.CLINIC_PHONE = settings.CLINIC_EMAIL = settings.CLINIC_IMPRINT = ""

    html = page(client, "/imprint/")

    assert "Phone" not in html
    assert "mailto:" not in html


def test_the_privacy_page_says_what_this_installation_does(client: Client, settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE = 7 * 24 * 60 * 60
    settings.SENTRY_DSN = ""

    plain = page(client, "/privacy/")
    settings.SENTRY_DSN, settings.CLINIC_PRIVACY_URL = "https://key@errors.example/1", "https://clinic.example/notice"
    full = page(client, "/privacy/")

    assert "one keeps you signed in for 7 days" in words(plain)
    assert "When something breaks" not in plain
    assert "Our full privacy notice" not in plain
    assert "When something breaks" in full
    assert 'href="https://clinic.example/notice"' in full


@pytest.mark.django_db
def test_every_page_leads_to_the_imprint_and_the_privacy_page(client: Client) -> None:
    for address in (LANDING, ARTICLE, "/timetable/", "/accounts/login/"):
        html = page(client, address)

        footer = html[html.index("<footer") :]
        assert 'href="/imprint/"' in footer
        assert 'href="/privacy/"' in footer


@pytest.mark.django_db
@pytest.mark.parametrize("slots", [1, 3])
def test_the_landing_page_asks_the_database_once(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, slots: int
) -> None:
    made = SlotFactory.create_batch(slots)

    with django_assert_num_queries(1):
        html = page(client, LANDING)

    assert sorted(re.findall(r'href="/slots/(\d+)/"', html)) == sorted(str(slot.pk) for slot in made)


@pytest.mark.django_db
def test_the_landing_page_leads_to_the_timetable_and_the_article_for_each_focus_area(client: Client) -> None:
    html = page(client, LANDING)

    for area in FocusArea:
        assert f'href="/timetable/?focus={area.value}"' in html
        assert f'href="{ARTICLE}#{area.value}"' in html
    assert html.count("btn-primary") == 1


@pytest.mark.django_db
def test_the_claims_stay_modest(client: Client) -> None:
    for address in (LANDING, ARTICLE):
        text = words(page(client, address))

        assert "can help" in text
        assert "qualified therapeutic yoga instructor" in text
        assert not re.search(r"\b(cures|heals|guarantee|proven to)\b", text, re.IGNORECASE)


@pytest.mark.django_db
def test_the_cancel_rule_comes_from_the_settings(client: Client, settings: Settings) -> None:
    settings.FREE_CANCEL_HOURS = 48

    assert "cancel free of charge until 48 hours before" in words(page(client, LANDING))


def test_the_article_has_a_section_for_each_focus_area_in_the_clinics_order(client: Client) -> None:
    html = page(client, ARTICLE)

    anchors = re.findall(r'<section class="article-section" id="([\w-]+)"', html)
    assert anchors == [*FocusArea.values, "see-a-doctor-first"]
    assert [section.area for section in SECTIONS] == list(FocusArea)
    for anchor in anchors:
        assert f'href="#{anchor}"' in html


def test_each_section_of_the_article_leads_to_its_classes_and_the_end_to_the_landing_page(client: Client) -> None:
    html = page(client, ARTICLE)

    assert re.findall(r'href="/timetable/\?focus=([\w-]+)"', html) == FocusArea.values
    assert re.findall(r'<a class="btn btn-primary[^"]*"\s+href="([^"]+)"', html) == [LANDING]


def test_the_article_has_the_promised_length(client: Client) -> None:
    html = page(client, ARTICLE)

    article = words(html[html.index('<article class="article-body">') : html.index("</article>")])
    assert 1_200 <= len(article.split()) <= 1_600


def test_the_article_needs_no_database(client: Client) -> None:
    assert "How yoga helps back pain" in page(client, ARTICLE)


def test_the_style_guide_is_for_the_local_run_only(client: Client, settings: Settings) -> None:
    local = client.get("/styleguide/")
    settings.LOCAL_RUN = False
    in_production = client.get("/styleguide/")

    assert (local.status_code, in_production.status_code) == (200, 404)


def style_guide(rf: RequestFactory) -> str:
    request = rf.get("/styleguide/")
    request.user = AnonymousUser()
    request._messages = []  # type: ignore[attr-defined]
    return views.styleguide(request).content.decode()


def test_the_style_guide_shows_both_palettes_and_every_drawing(rf: RequestFactory) -> None:
    html = style_guide(rf)

    assert "sukha-dark" in html
    for section in SECTIONS:
        assert f'<p class="muted">{section.drawing}</p>' in html


@pytest.mark.django_db
def test_no_page_needs_what_the_content_policy_forbids(client: Client, rf: RequestFactory) -> None:
    pages = [page(client, LANDING), page(client, ARTICLE), style_guide(rf)]
    pages += [render_to_string(f"{name}.html") for name in ("400", "403", "403_csrf", "404", "500", "503")]

    for html in pages:
        assert not re.search(r"\sstyle=", html)
        assert not re.search(r"\son[a-z]+=", html)
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)


@pytest.mark.django_db
def test_only_managers_open_the_managers_hub(client: Client) -> None:
    assert client.get(MANAGE).status_code == 302  # to signing in

    for role in (roles.PATIENT, roles.INSTRUCTOR, roles.FRONT_DESK):
        client.force_login(UserFactory(role=role))
        assert client.get(MANAGE).status_code == 403

    client.force_login(UserFactory(role=roles.MANAGER))
    assert "/admin/accounts/patient/" in page(client, MANAGE)


@pytest.mark.django_db
def test_the_hub_leads_a_new_clinic_to_its_first_class(client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    to_do = [f"/admin/{path}/add/" for path in STEPS]

    at_first = page(client, MANAGE).partition("Before the first class")[2].partition("</section>")[0]
    RoomFactory()
    half_way = page(client, MANAGE).partition("Before the first class")[2].partition("</section>")[0]
    ClassTypeFactory()
    InstructorFactory()

    assert re.findall(r'href="([^"]+)"', at_first) == to_do
    assert re.findall(r'href="([^"]+)"', half_way) == to_do[2:]
    assert "Before the first class" not in page(client, MANAGE)
    assert all(client.get(address).status_code == 200 for address in to_do)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "views_named"),
    [
        (roles.PATIENT, []),
        (roles.INSTRUCTOR, ["scheduling:teach", "scheduling:series_list", "scheduling:times_off"]),
        (roles.FRONT_DESK, ["booking:desk", "notifications:log"]),
        (
            roles.MANAGER,
            [
                "booking:desk",
                "notifications:log",
                "scheduling:teach",
                "scheduling:series_list",
                "scheduling:times_off",
                "scheduling:closures",
                "website:manage",
            ],
        ),
    ],
)
def test_the_navigation_shows_each_role_its_own_places(role: str, views_named: list[str]) -> None:
    user = UserFactory(role=role)

    places = places_for(user)

    assert [place.view for place in places] == views_named
    assert [place.url for place in places] == [reverse(name) for name in views_named]


@pytest.mark.django_db
def test_the_current_page_is_marked(client: Client) -> None:
    html = page(client, ARTICLE)

    current = re.findall(r'href="([^"]+)"\s+aria-current="page"', html)
    assert current == [ARTICLE]
