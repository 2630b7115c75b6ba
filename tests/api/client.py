"""A client of the API that holds every answer against the published description."""

import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from accounts.models import User
from accounts.operations import issue_token

NOT_PER_OPERATION = {405, 406, 413, 415}  # these may happen anywhere, and are problems of the same form


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    generator = SchemaGenerator()
    document: dict[str, Any] = generator.get_schema(request=None, public=True)
    return document


class DescribedClient(APIClient):
    """Fails when an answer has another status, media type or body than the description says."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        description()  # drf-spectacular cannot make its first one in several threads at once

    def request(self, **kwargs: Any) -> Any:
        answer = super().request(**kwargs)
        if kwargs["REQUEST_METHOD"] != "OPTIONS":
            check(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], answer)
        return answer


def signed_in(user: User, **options: Any) -> DescribedClient:
    """A client that sends a token of `user`."""
    client = DescribedClient(**options)
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_token(user=user)}")
    return client


def check(method: str, path: str, answer: Any) -> None:
    """Hold one answer against the description."""
    problem = {"$ref": "#/components/schemas/Problem"}
    operation = _operation(method, path)
    if operation is None or answer.status_code in NOT_PER_OPERATION:
        assert answer.status_code >= 400, f"{method} {path} is not described"
        media_type, schema = "application/problem+json", problem
    else:
        described = operation["responses"][str(answer.status_code)]["content"]
        ((media_type, content),) = described.items()
        schema = content["schema"]
    assert answer["Content-Type"].partition(";")[0] == media_type
    validator = Draft202012Validator(schema | {"components": description()["components"]})
    assert [error.message for error in validator.iter_errors(answer.json())] == []


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in description()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", r"\\d+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None
