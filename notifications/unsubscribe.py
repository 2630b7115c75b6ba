"""Links that switch reminders off without signing in (RFC 8058): signed, without an end, and naming no person."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from accounts.models import User

_signer = Signer(salt="notifications.unsubscribe", sep=".")


def unsubscribe_url(account: User) -> str:
    """The address that a POST from anywhere may use to switch off the reminders of `account`."""
    page = reverse("notifications:unsubscribe", args=[_signer.sign(str(account.pk))])
    return f"{settings.SITE_URL}{page}"


def account_of_token(token: str) -> User | None:
    """The account that a link speaks of, or None when the link is not ours or the account is gone."""
    try:
        pk = _signer.unsign(token)
    except BadSignature:
        return None
    return User.objects.filter(pk=pk).first()
