"""What happens to accounts: opening one, changing who it belongs to."""

import secrets
from datetime import date

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.models import ApiToken, Patient, User
from core import clock
from core.errors import DomainError


class AccountExists(DomainError):
    code = "account_exists"
    message = _("There is already an account with this e-mail address.")


@transaction.atomic
def open_account(
    *, email: str, name: str, phone: str = "", role: str = roles.PATIENT, password: str | None = None
) -> User:
    """Open an account for someone whose mailbox is proven. A patient's account gets the patient that they are.

    Raises AccountExists when the address has an account, whatever its letters' case.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
    except IntegrityError as error:
        raise AccountExists from error
    confirm_mailbox(user=user)
    roles.assign_role(user, role)
    if role == roles.PATIENT:
        Patient.objects.create(account=user, is_account_holder=True, name=name, phone=phone)
    return user


@transaction.atomic
def confirm_mailbox(*, user: User) -> None:
    """Note that `user` has proven to read the mails to their address, so allauth asks for no further proof."""
    _forget_other_addresses(user)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


@transaction.atomic
def announce_changed_email(*, user: User, old: str) -> None:
    """After staff changed an address: the old one opens nothing any more, and its mailbox is told."""
    _forget_other_addresses(user)
    get_adapter().send_notification_mail("account/email/email_changed", user, email=old)


def _forget_other_addresses(user: User) -> None:
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()


@transaction.atomic
def change_profile(*, user: User, name: str, phone: str = "", birth_date: date | None = None) -> None:
    """Change how an account's holder is called and reached; on the account and on the patient that they are."""
    user.name = name
    user.save(update_fields=["name"])
    Patient.objects.filter(account=user, is_account_holder=True).update(name=name, phone=phone, birth_date=birth_date)
    user.__dict__.pop("own_patient", None)


def issue_token(*, user: User, name: str = "") -> str:
    """Make a token with which a program uses the API as `user`. It is returned this once, and nowhere kept."""
    token = secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, digest=ApiToken.digest_of(token), name=name)
    return token


def revoke_token(*, user: User, token_id: int) -> bool:
    """End a token of `user` at once. False when there is none of this number that still works."""
    live = ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None)
    return live.update(revoked_at=clock.now()) == 1
