"""The four roles and what each may do: groups with explicit permissions, written here and nowhere else.

The table is the truth: it is brought into the database after each migration (`apply_table`), and the admin cannot
change a group. Nobody holds a permission of their own.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import User

PATIENT: Final = "patient"
INSTRUCTOR: Final = "instructor"
FRONT_DESK: Final = "front desk"
MANAGER: Final = "manager"

_DESK: Final = {
    "accounts.view_user",
    "accounts.view_patient",
    "accounts.add_patient",
    "accounts.change_patient",
    "booking.view_day_sheet",
    "booking.view_booking",
    "notifications.view_message_log",
    "notifications.view_message",
    "payments.take_payment",
    "payments.view_order",
    "payments.view_payment",
    "payments.view_refund",
    "payments.send_refund",
    "scheduling.view_slot",
}

TABLE: Final[dict[str, frozenset[str]]] = {
    PATIENT: frozenset(),
    INSTRUCTOR: frozenset({"scheduling.publish_slot"}),
    FRONT_DESK: frozenset(_DESK),
    MANAGER: frozenset(
        _DESK
        | {
            "accounts.add_user",
            "accounts.change_user",
            "scheduling.publish_slot",
            *(
                f"scheduling.{verb}_{model}"
                for model in ("location", "room", "instructor", "classtype", "qualification", "certificate")
                for verb in ("view", "add", "change")
            ),
            "scheduling.delete_certificate",
            "scheduling.view_series",
            *(
                f"payments.{verb}_{model}"
                for model in ("passtype", "membershipplan")
                for verb in ("view", "add", "change")
            ),
            *(f"payments.view_{model}" for model in ("pass", "passentry", "membership", "membershipgrant")),
            "payments.view_stripeevent",
            "payments.change_stripeevent",  # to have it processed again; nobody edits what Stripe said
        }
    ),
}
STAFF: Final = (INSTRUCTOR, FRONT_DESK, MANAGER)
USE_THE_ADMIN: Final = frozenset({FRONT_DESK, MANAGER})


def has_role(user: Any, *roles: str) -> bool:
    """Whether an active `user` holds one of `roles`. A superuser holds them all; a visitor holds none."""
    if not (user.is_authenticated and user.is_active):
        return False
    return user.is_superuser or not user.roles.isdisjoint(roles)


def is_staff_member(user: Any) -> bool:
    """Whether `user` works for the clinic in any role."""
    return has_role(user, *STAFF)


def assign_role(user: User, role: str) -> None:
    """Give `user` a further role."""
    set_roles(user, user.roles | {role})


@transaction.atomic
def set_roles(user: User, roles: Iterable[str]) -> None:
    """Give `user` exactly these roles, and the door to the admin if one of them works there."""
    wanted = frozenset(roles)
    if unknown := wanted - TABLE.keys():
        raise ValueError(f"No such role: {', '.join(sorted(unknown))}")
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in wanted])
    user.is_staff = user.is_superuser or not USE_THE_ADMIN.isdisjoint(wanted)
    user.save(update_fields=["is_staff"])
    user.__dict__.pop("roles", None)  # what was read before no longer holds


def apply_table(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Bring the table into the database; a receiver of post_migrate, harmless at any number of repeats.

    Names whose app is not migrated yet are left for the next call: each app's permissions appear with its own signal.
    """
    if sender.label not in {name.partition(".")[0] for names in TABLE.values() for name in names}:
        return
    known = permissions_by_name(using)
    with transaction.atomic(using=using):
        for role, names in TABLE.items():
            group, _ = Group.objects.using(using).get_or_create(name=role)
            wanted = {known[name] for name in names if name in known}
            if wanted != {*group.permissions.values_list("pk", flat=True)}:
                group.permissions.set(wanted)


def permissions_by_name(using: str = "default") -> dict[str, int]:
    """All permissions in the database: "app.codename" → id."""
    rows = Permission.objects.using(using).values_list("content_type__app_label", "codename", "pk")
    return {f"{app}.{codename}": pk for app, codename, pk in rows}
