"""Who signs in (User) and who takes part (Patient). One account may book for several patients."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account; without a password it signs in by e-mailed code only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """An account. The e-mail address is the login; roles are groups (accounts/roles.py)."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=clock.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_email"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class PatientQuerySet(models.QuerySet["Patient"]):
    def of_account(self, user: User) -> "PatientQuerySet":
        """The patients for whom `user` books: oneself and dependants."""
        return self.filter(account=user)


class Patient(models.Model):
    """A person who takes part in classes; has an account, belongs to one, or is known to the desk by name and phone."""

    account = models.ForeignKey(User, models.PROTECT, related_name="patients", null=True, blank=True)
    is_account_holder = models.BooleanField(_("is the account's own person"), default=False)
    name = models.CharField(_("name"), max_length=150)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_account_holder=True), name="one_account_holder_per_account"
            ),
            models.CheckConstraint(
                condition=Q(is_account_holder=False) | Q(account__isnull=False),
                name="an_account_holder_has_an_account",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | ~Q(phone=""), name="a_patient_can_be_reached"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="a_patient_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
