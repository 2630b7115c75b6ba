"""Who asks the API, by token."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class PlainTokenAuthentication(TokenAuthentication):
    """DRF's tokens; what cannot be one is not looked up (PostgreSQL would stumble over a NUL)."""

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        if not (key.isascii() and key.isalnum()):
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(key)
