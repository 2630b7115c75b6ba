"""How allauth behaves in this house: mails become rows, secrets are sealed, redirects stay here."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import encryption, roles
from accounts.mailbox_codes import CODE_LASTS
from accounts.models import User
from accounts.signals import account_mail_due
from core import clock

# Where each role begins its day; the first one held counts.
HOMES = ((roles.MANAGER, "website:manage"), (roles.FRONT_DESK, "booking:desk"), (roles.INSTRUCTOR, "scheduling:teach"))

CODE_MAILS = {
    "login_code": "login_code",
    "email_confirmation": "email_confirmation",
    "email_confirmation_signup": "email_confirmation",
}
SECURITY_NOTICES = {
    "email_changed": _("The e-mail address of your account was changed."),
    "password_changed": _("The password of your account was changed."),
    "password_set": _("A password was set for your account."),
    "totp_activated": _("An authenticator app was added to your account as a second step."),
    "totp_deactivated": _("The authenticator app was removed from your account."),
    "webauthn_added": _("A passkey was added to your account."),
    "webauthn_removed": _("A passkey was removed from your account."),
    "recovery_codes_generated": _("New recovery codes were made for your account; the old ones no longer work."),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("E-mail address and password do not belong together."),
        "email_taken": _("There is already an account with this e-mail address."),
        "duplicate_email": _("This is your e-mail address already."),
        "incorrect_code": _("That is not the code."),
        "incorrect_password": _("That is not your password."),
        "enter_current_password": _("That is not your present password."),
        "rate_limited": _("That was too often. Please wait a few minutes, then try again."),
        "too_many_login_attempts": _("Too many tries. Please wait a few minutes, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Say that a mail with a code is due; the outbox above writes it down (accounts/signals.py)."""
        code = context["code"]
        self._announce(
            CODE_MAILS[template_prefix.rpartition("/")[2]],
            recipient=context.get("user"),
            email=email,
            context={"code": f"{code[:3]} {code[3:]}", "minutes": int(CODE_LASTS.total_seconds() // 60)},
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Say that the account's owner should learn of a change to their account, in case it was not them."""
        assert isinstance(user, User)
        change = template_prefix.rpartition("/")[2]
        notice = {"change": change, "sentence": str(SECURITY_NOTICES[change]), "at": clock.now().isoformat()}
        self._announce("security_notice", recipient=user, email=email or user.email, context=notice)

    def _announce(self, kind: str, *, recipient: User | None, email: str, context: dict[str, Any]) -> None:
        with transaction.atomic():
            account_mail_due.send(sender=type(self), kind=kind, recipient=recipient, email=email, context=context)

    def is_safe_url(self, url: str | None) -> bool:
        """Follow `next` only to an address of this site, written as a path."""
        if not url or not url.startswith("/"):
            return False
        return not urlsplit(url).netloc and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        assert isinstance(request.user, User)
        homes = [page for role, page in HOMES if roles.has_role(request.user, role)]
        return resolve_url(homes[0] if homes else settings.LOGIN_REDIRECT_URL)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """The ways to show once more that it is oneself, a passkey first: it is the quickest, and most who have one
        have no authenticator app.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return sorted(methods, key=lambda method: method["id"] != "mfa_reauthenticate:webauthn")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by; a forged or malformed X-Forwarded-For falls back to the connection's."""
        try:
            return str(super().get_client_ip(request))
        except (ImproperlyConfigured, PermissionDenied):
            return str(request.META.get("REMOTE_ADDR", ""))


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That did not work. Please try again."),
        "unverified_email": _("Please confirm your e-mail address first."),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.CLINIC_NAME}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey") if count == 0 else gettext("Passkey %(number)s") % {"number": count + 1}
