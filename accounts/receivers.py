"""What follows from what allauth reports."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User

PROVES_THE_PERSON = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}


@receiver(authenticator_added, dispatch_uid="accounts.count_setting_up_as_proof")
def count_setting_up_as_proof(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever has just used a new app or passkey need not use it again to see the recovery codes on the next page."""
    if authenticator.type in PROVES_THE_PERSON:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
