"""A request to Stripe's API: who asks, which version, was it asked before, is it well formed, do it, answer."""

import base64
import binascii
import hashlib
import json
import logging
import re
from dataclasses import dataclass, field

from .endpoints import find_endpoint
from .errors import ApiError
from .events import API_VERSION, new_id
from .faults import Fault, Hangup, take_fault
from .params import parse_form
from .render import expanded
from .state import Cause, Object, Store, Transaction

logger = logging.getLogger(__name__)

KEY_PREFIX = "sk_test_sandbox"
LONGEST_IDEMPOTENCY_KEY = 255
IDEMPOTENCY_SECONDS = 24 * 3600
JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """What came in. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Response:
    """What goes out."""

    status: int
    body: str
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """Stripe's API on top of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_flight: set[str] = set()

    def answer(self, request: Request) -> Response:
        """Answer a request; raises `Hangup` when a fault was ordered that leaves it unanswered."""
        cause = Cause(new_id("req", 14), request.headers.get("idempotency-key") if request.method == "POST" else None)
        version = request.headers.get("stripe-version", API_VERSION)
        try:
            authenticate(request.headers.get("authorization", ""))
            check_version(version)
            check_key(cause.idempotency_key)
            response = self._once(request, cause)
        except ApiError as error:
            response = failure(error, cause)
        except Hangup:
            raise
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            response = failure(ApiError("The sandbox stumbled; see its log.", status=500, kind="api_error"), cause)
        response.headers["Request-Id"] = str(cause.request_id)
        response.headers["Cache-Control"] = "no-cache, no-store"
        for name, value in (("Stripe-Version", version), ("Idempotency-Key", cause.idempotency_key or "")):
            if value and value.isascii() and value.isprintable():  # no header of ours is made of control characters
                response.headers[name] = value
        return response

    def _once(self, request: Request, cause: Cause) -> Response:
        """Do the work, unless the idempotency key says that it has been done or is being done."""
        text = decoded(request.body) if request.method == "POST" else request.query
        if request.method == "POST" and request.query:
            raise ApiError("Send the parameters of a POST request in its body, not in the URL.")
        key = cause.idempotency_key
        if key is None:
            return self._work(request, cause, text)
        with self._store.transaction() as tx:
            earlier = tx.get("_idempotency", key)
            if earlier and earlier["created"] > tx.now() - IDEMPOTENCY_SECONDS:
                return replay(earlier, request, text)
            if key in self._in_flight:
                raise in_use(key)
            self._in_flight.add(key)
        try:
            return self._work(request, cause, text)
        finally:
            with self._store.lock:
                self._in_flight.discard(key)

    def _work(self, request: Request, cause: Cause, text: str) -> Response:
        fault = take_fault(self._store, request.method, request.path)
        if fault and fault.when == "before":
            broken = self._suffer(fault, cause)
            if broken:
                return broken
        response = self._execute(request, cause, text)
        if fault and fault.when == "after":
            return self._suffer(fault, cause) or response
        return response

    def _suffer(self, fault: Fault, cause: Cause) -> Response | None:
        if fault.when == "after" and cause.idempotency_key:
            with self._store.lock:  # the work is done; only its answer is late or lost
                self._in_flight.discard(cause.idempotency_key)
        fault.strike(self._store.stopping)
        return failure(fault.error(), cause) if fault.action == "status" else None

    def _execute(self, request: Request, cause: Cause, text: str) -> Response:
        endpoint, names = find_endpoint(request.method, request.path)
        params = endpoint.field(parse_form(text), "")
        with self._store.transaction(cause) as tx:
            try:
                answer = endpoint.action(tx, params, **names)
                response = Response(200, json.dumps(expanded(tx, answer, params.get("expand", []))))
            except ApiError as error:
                tx.rollback()
                if not error.executed:
                    raise
                response = failure(error, cause)
            if cause.idempotency_key:
                keep_answer(tx, request, text, response)
        return response


def decoded(body: bytes) -> str:
    """The body as text; form encoding is ASCII."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError("The body is not valid UTF-8.") from None


def authenticate(header: str) -> None:
    """Take the key from a Bearer or Basic header; only keys made for the sandbox are let in."""
    scheme, _, rest = header.partition(" ")
    key = ""
    if scheme.lower() == "bearer":
        key = rest.strip()
    elif scheme.lower() == "basic":
        try:
            key = base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key:
        message = "You did not provide an API key. Send it as `Authorization: Bearer sk_test_sandbox…`."
        raise ApiError(message, status=401)
    if not key.startswith(KEY_PREFIX):
        shown = key[:8] + "*" * 8
        message = f"Invalid API Key provided: {shown}. The sandbox takes only keys that begin with {KEY_PREFIX}."
        raise ApiError(message, status=401)


def check_version(version: str) -> None:
    """Versions are dates, since 2024 with a name; the sandbox always answers in the shape of `API_VERSION`."""
    if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?", version):
        raise ApiError(f"Invalid Stripe API version: {version[:40]}")


def check_key(key: str | None) -> None:
    """Idempotency keys have up to 255 characters."""
    if key is not None and not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY:
        message = f"Idempotency keys must have between 1 and {LONGEST_IDEMPOTENCY_KEY} characters."
        raise ApiError(message, kind="idempotency_error")


def failure(error: ApiError, cause: Cause) -> Response:
    """An error as a response."""
    return Response(error.status, json.dumps(error.body(str(cause.request_id))))


def fingerprint(text: str) -> str:
    """What two requests must share to be the same: their parameters, whatever the order."""
    return hashlib.sha256("&".join(sorted(text.split("&"))).encode()).hexdigest()


def keep_answer(tx: Transaction, request: Request, text: str, response: Response) -> None:
    """Keep an answer for its idempotency key."""
    tx.put(
        {
            "object": "_idempotency",
            "id": tx.cause.idempotency_key,
            "created": tx.now(),
            "path": request.path,
            "fingerprint": fingerprint(text),
            "status": response.status,
            "body": response.body,
            "request_id": tx.cause.request_id,
        }
    )


def replay(earlier: Object, request: Request, text: str) -> Response:
    """Answer as before, or refuse a key that was used for something else."""
    key = earlier["id"]
    hint = f"Try using a key other than '{key}' if you meant to execute a different request."
    if earlier["path"] != request.path:
        message = (
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{request.path}' vs '{earlier['path']}'). {hint}"
        )
        raise ApiError(message, kind="idempotency_error")
    if earlier["fingerprint"] != fingerprint(text):
        message = (
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. {hint}"
        )
        raise ApiError(message, kind="idempotency_error")
    headers = {"Idempotent-Replayed": "true", "Original-Request": earlier["request_id"]}
    return Response(earlier["status"], earlier["body"], headers=headers)


def in_use(key: str) -> ApiError:
    """The same key is being worked on."""
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try your request again later."
    )
    return ApiError(message, status=409, kind="idempotency_error", code="idempotency_key_in_use")


def forget_old_keys(tx: Transaction) -> None:
    """Stripe forgets idempotency keys after 24 hours; `Api` pays them no heed then, and each start clears them away."""
    oldest = tx.now() - IDEMPOTENCY_SECONDS
    for key in [item["id"] for item in tx.all("_idempotency") if item["created"] <= oldest]:
        tx.remove("_idempotency", key)
