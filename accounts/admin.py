"""Accounts and patients in the admin. No password, code, token or group can be seen or changed here."""

from collections.abc import Sequence
from typing import Any

# These two register models when they are imported, which we take out again below
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts import operations, roles
from accounts.models import Patient, User

for hidden in (Group, EmailAddress, Authenticator):
    admin.site.unregister(hidden)

# One way in, with its limits and second steps; Django's own sign-in page of the admin has neither.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class UserForm(forms.ModelForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(role, role.capitalize()) for role in roles.TABLE],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "Patient: books for themselves. Instructor: plans and publishes their own classes. Front desk: sees the "
            "day sheet, payments and messages, keeps the list of patients, sends failed refunds again. Manager: all "
            "of that, everybody's classes, and rooms, class types, prices and accounts."
        ),
    )

    class Meta:
        model = User
        fields = ["email", "name", "is_active"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and "roles" in self.fields:
            self.fields["roles"].initial = sorted(self.instance.roles)


@admin.register(User)
class UserAdmin(ModelAdmin):
    form = UserForm
    list_display = ["email", "name", "roles_held", "is_active", "last_login", "joined_at"]
    list_filter = ["groups", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fields = ["email", "name", "roles", "is_active", "last_login", "joined_at"]
    readonly_fields = ["last_login", "joined_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles_held(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        return ", ".join(["superuser", *names] if user.is_superuser else names)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser: with their address one could sign in as them."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # accounts are switched off; bookings and ledgers point to them

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        roles.set_roles(obj, form.cleaned_data["roles"])
        if change and "email" in form.changed_data:
            operations.announce_changed_email(user=obj, old=form.initial["email"])


@admin.register(Patient)
class PatientAdmin(ModelAdmin):
    list_display = ["name", "phone", "birth_date", "account", "created_at"]
    list_select_related = ["account"]
    search_fields = ["name", "phone", "account__email"]
    ordering = ["name"]
    fields = ["name", "phone", "birth_date", "account", "is_account_holder", "created_at"]
    autocomplete_fields = ["account"]
    date_hierarchy = "created_at"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Whose patient someone is, is decided once; moving them would show their bookings to somebody else."""
        return ["is_account_holder", "created_at"] if obj is None else ["account", "is_account_holder", "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        return False
