"""Errors in the envelope of Stripe's API (https://docs.stripe.com/api/errors)."""

from typing import Any


class ApiError(Exception):
    """An answer other than success.

    `executed` says that the endpoint had begun its work. Only then is the answer kept for its idempotency key;
    parameters that fail validation may be corrected and sent again under the same key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param
        self.executed = executed

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body; absent fields are left out, as Stripe does."""
        error = {
            "code": self.code,
            "doc_url": self.code and f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}",
            "message": self.message,
            "param": self.param,
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
            "type": self.kind,
        }
        return {"error": {name: value for name, value in error.items() if value is not None}}


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """An endpoint looked at the objects and says no (400)."""
    return ApiError(message, code=code, param=param, executed=True)


def no_such(kind: str, wanted: str, *, param: str = "id", status: int = 404) -> ApiError:
    """The object does not exist: 404 in a path, 400 when a parameter named it."""
    return ApiError(f"No such {kind}: '{wanted}'", status=status, code="resource_missing", param=param)
