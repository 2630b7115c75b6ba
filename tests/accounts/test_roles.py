"""Who may do what: one table, brought into the database after each migration."""

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import roles
from accounts.models import User
from accounts.permissions import has_one_role_of, role_required
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@role_required(roles.FRONT_DESK, roles.MANAGER)
def desk_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the desk")


def open_desk_page(request_factory: RequestFactory, user: User | AnonymousUser) -> HttpResponse:
    request = request_factory.get("/desk/?day=2026-11-24")
    request.user = user
    return desk_page(request)  # type: ignore[return-value]


def test_each_name_in_the_table_is_a_permission() -> None:
    names = frozenset().union(*roles.TABLE.values())

    assert sorted(names - roles.permissions_by_name().keys()) == []


def test_each_role_holds_exactly_what_the_table_says() -> None:
    held = {
        group.name: {
            f"{app}.{name}" for app, name in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    }

    assert held == {role: set(names) for role, names in roles.TABLE.items()}


def test_bringing_the_table_in_again_repairs_it_and_then_changes_nothing() -> None:
    everything = Permission.objects.all()
    Group.objects.get(name=roles.FRONT_DESK).permissions.set(everything)
    sender = apps.get_app_config("accounts")

    roles.apply_table(sender, using="default")
    with CaptureQueriesContext(connection) as queries:
        roles.apply_table(sender, using="default")

    assert Group.objects.get(name=roles.FRONT_DESK).permissions.count() == len(roles.TABLE[roles.FRONT_DESK])
    assert not [q["sql"] for q in queries if not q["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]


def test_permissions_that_are_not_migrated_yet_are_left_for_later() -> None:
    Permission.objects.filter(content_type__app_label="booking").delete()

    roles.apply_table(apps.get_app_config("accounts"), using="default")

    held = Group.objects.get(name=roles.FRONT_DESK).permissions
    assert not held.filter(content_type__app_label="booking").exists()
    assert held.filter(codename="view_patient").exists()


@pytest.mark.parametrize(
    ("role", "opens"),
    [(roles.PATIENT, False), (roles.INSTRUCTOR, False), (roles.FRONT_DESK, True), (roles.MANAGER, True), (None, False)],
)
def test_a_page_opens_for_its_roles_only(rf: RequestFactory, role: str | None, opens: bool) -> None:
    user = UserFactory(role=role)

    if opens:
        assert open_desk_page(rf, user).content == b"the desk"
    else:
        with pytest.raises(PermissionDenied):
            open_desk_page(rf, user)


def test_a_visitor_is_asked_to_sign_in_and_comes_back(rf: RequestFactory) -> None:
    answer = open_desk_page(rf, AnonymousUser())

    assert answer["Location"] == "/accounts/login/?next=/desk/%3Fday%3D2026-11-24"


def test_a_superuser_opens_every_page(rf: RequestFactory) -> None:
    user = User.objects.create_superuser("root@example.org")

    assert open_desk_page(rf, user).content == b"the desk"


def test_the_api_asks_for_the_same_roles(rf: RequestFactory) -> None:
    permission = has_one_role_of(roles.INSTRUCTOR)()
    request = rf.get("/api/v1/slots/")
    may = {}
    for user in (UserFactory(role=roles.INSTRUCTOR), UserFactory(role=roles.PATIENT), AnonymousUser()):
        request.user = user
        may[getattr(user, "pk", None)] = permission.has_permission(request, None)  # type: ignore[arg-type]

    assert list(may.values()) == [True, False, False]


def test_a_switched_off_account_holds_no_role() -> None:
    user = UserFactory(role=roles.MANAGER, is_active=False)

    assert not roles.has_role(user, roles.MANAGER)


def test_roles_add_up_and_can_be_taken_away() -> None:
    user = UserFactory(role=roles.INSTRUCTOR)

    roles.assign_role(user, roles.FRONT_DESK)
    both = user.roles
    roles.set_roles(user, [roles.PATIENT])

    assert both == {roles.INSTRUCTOR, roles.FRONT_DESK}
    assert user.roles == {roles.PATIENT}


@pytest.mark.parametrize(
    ("role", "door"),
    [(roles.PATIENT, False), (roles.INSTRUCTOR, False), (roles.FRONT_DESK, True), (roles.MANAGER, True)],
)
def test_the_admins_door_opens_and_closes_with_the_role(role: str, door: bool) -> None:
    user = UserFactory(role=role)
    with_role = user.is_staff

    roles.set_roles(user, [])

    assert (with_role, user.is_staff) == (door, False)


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="No such role: janitor"):
        roles.assign_role(UserFactory(), "janitor")


def test_asking_for_roles_again_costs_no_query() -> None:
    user = User.objects.get(pk=UserFactory(role=roles.MANAGER).pk)

    with CaptureQueriesContext(connection) as queries:
        for role in roles.TABLE:
            roles.has_role(user, role)

    assert len(queries) == 1
