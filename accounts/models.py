"""Who signs in (User) and who takes part (Patient). One account may book for several patients."""

from datetime import date
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core import clock
from core.queries import CompiledRead, Given

# Line breaks forge mail headers and lists; direction marks (U+202A–202E, U+2066–2069) make a name read as another one.
one_line = RegexValidator(
    r"^[^\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z",
    _("Please write this on one line, without control characters."),
)
phone_number = RegexValidator(
    r"^\+?[0-9(][0-9 ()/.\-]{3,38}\Z", _("Please enter a phone number with its area code, such as 030 1234567.")
)


def birth_date_of_a_living_person(value: date) -> None:
    if not date(1900, 1, 1) <= value <= clock.clinic_today():
        raise ValidationError(_("Please enter a date of birth between 1900 and today."))


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
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """An account. The e-mail address is the login; roles are groups (accounts/roles.py)."""

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True, validators=[one_line])
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="one_account_per_email",
                violation_error_message=_("There is already an account with this e-mail address."),
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="an_email_is_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of the roles held (accounts/roles.py), read once per instance."""
        return frozenset(self.groups.values_list("name", flat=True))

    @cached_property
    def own_patient(self) -> "Patient | None":
        """The patient that the account's holder is, if they take part in classes."""
        patient = _ACCOUNT_HOLDER.find(account=self.pk)
        if patient:
            patient.account = self
        return patient


class PatientQuerySet(models.QuerySet["Patient"]):
    def of_account(self, user: User) -> "PatientQuerySet":
        """The patients for whom `user` books: oneself and dependants."""
        return self.filter(account=user)


class Patient(models.Model):
    """A person who takes part in classes; has an account, belongs to one, or is known to the desk by name and phone."""

    account = models.ForeignKey(
        User, models.PROTECT, related_name="patients", null=True, blank=True, verbose_name=_("account")
    )
    is_account_holder = models.BooleanField(_("is the account's own person"), default=False)
    name = models.CharField(_("name"), max_length=150, validators=[one_line])
    phone = models.CharField(_("phone"), max_length=40, blank=True, validators=[phone_number])
    birth_date = models.DateField(_("date of birth"), null=True, blank=True, validators=[birth_date_of_a_living_person])
    created_at = models.DateTimeField(_("known since"), default=clock.now, editable=False)

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
                condition=Q(account__isnull=False) | ~Q(phone=""),
                name="a_patient_can_be_reached",
                violation_error_message=_("Please enter a phone number: without an account there is no other way."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="a_patient_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


_ACCOUNT_HOLDER = CompiledRead(lambda: Patient.objects.filter(account=Given("account"), is_account_holder=True))


class GuessCount(models.Model):
    """How often one mailed code was guessed; the code itself is not here (accounts/guesses.py)."""

    MOST: ClassVar[int] = 3

    attempt = models.CharField(max_length=64, primary_key=True)
    guesses = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        verbose_name = _("guesses at a code")
        verbose_name_plural = _("guesses at codes")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(guesses__lte=3), name="at_most_three_guesses_per_code"),
        ]

    def __str__(self) -> str:
        return f"{self.guesses}/{self.MOST}"


class ApiToken(models.Model):
    """Lets a program use the API as an account. The token itself is not here: who reads this table gets in nowhere."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("account"))
    digest = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("what it is for"), max_length=100, blank=True, validators=[one_line])
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="a_token_opens_one_account"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.name}"

    @staticmethod
    def digest_of(token: str) -> str:
        """What is kept of a token. A plain hash is enough: nobody guesses 256 random bits."""
        return sha256(token.encode()).hexdigest()


class IdempotencyKey(models.Model):
    """The answer that a request of the API, or a form, got, for whoever sends it again (accounts/idempotency.py)."""

    account = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)  # the constraint has an index
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)  # a digest of what was asked for
    status = models.PositiveSmallIntegerField()
    body = models.TextField()  # JSON as it was sent; jsonb would put its names in another order
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_answer_per_account_and_key"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.key}"
