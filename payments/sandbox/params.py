"""Form parameters as Stripe takes them: `a[b][0][c]=v` becomes nested values, and each value is checked by a field.

A field is a function `(value, path) -> checked value` that raises `ApiError`; records and lists are built from fields.
Everything that an endpoint does not name is refused, as Stripe does, so that a typo cannot go unnoticed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .currencies import CURRENCIES
from .errors import ApiError

Field = Callable[[Any, str], Any]

MOST_METADATA_KEYS, LONGEST_METADATA_KEY, LONGEST_METADATA_VALUE = 50, 40, 500
CLEARED: dict[str, str] = {}  # the change that `metadata=""` asks for
LARGEST_AMOUNT = 99_999_999
SEGMENT = re.compile(r"\[([^\[\]]*)\]")


def invalid(message: str, path: str, code: str | None = None) -> ApiError:
    """A parameter that fails validation (400); nothing has been executed."""
    return ApiError(message, code=code, param=path or None)


def parse_form(text: str) -> dict[str, Any]:
    """Turn a form-encoded query or body into nested dicts. Lists stay dicts with the indexes as keys, in order."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=2000)
    except (ValueError, UnicodeDecodeError):
        raise invalid("The parameters are not valid form encoding in UTF-8.", "") from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        place(tree, name, value)
    return tree


def place(tree: dict[str, Any], name: str, value: str) -> None:
    """Put one `name=value` where its brackets say."""
    head, _, tail = name.partition("[")
    segments = SEGMENT.findall("[" + tail) if tail else []
    if not head or "".join(f"[{segment}]" for segment in segments) != ("[" + tail if tail else ""):
        raise invalid(f"Invalid parameter name: {name[:100]}", name[:100])
    keys = [head, *segments]
    for key in keys[:-1]:
        tree = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(f"Invalid object: {name[:100]} is given twice, once as a value.", head)
    last = keys[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise invalid(f"Invalid object: {name[:100]} is given twice, once as a value.", head)
    tree[last] = value


def text(*, most: int = 5000, empty: bool = False, pattern: str | None = None) -> Field:
    """A string. An empty one means "unset" to Stripe, which only some parameters allow (`empty`)."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {path} must be a string.", path)
        if not value and not empty:
            message = (
                f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
                f"however '{path}' cannot be unset. Leave it out or give a value."
            )
            raise invalid(message, path, "parameter_invalid_empty")
        if "\0" in value:
            raise invalid(f"Invalid string: {path} must not contain null bytes.", path)
        if len(value) > most:
            raise invalid(f"Invalid string: {path} must be at most {most} characters.", path)
        if value and pattern and not re.fullmatch(pattern, value):
            raise invalid(f"Invalid value for {path}.", path)
        return value

    return check


def integer(*, least: int | None = None, most: int | None = None) -> Field:
    """A whole number within its limits."""

    def check(value: Any, path: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise invalid(f"Invalid integer: {str(value)[:40]}", path, "parameter_invalid_integer")
        number = int(value)
        if least is not None and number < least:
            message = f"This value must be greater than or equal to {least}."
            raise invalid(message, path, "parameter_invalid_integer")
        if most is not None and number > most:
            raise invalid(f"This value must be less than or equal to {most}.", path, "parameter_invalid_integer")
        return number

    return check


amount = integer(least=0, most=LARGEST_AMOUNT)


def boolean(value: Any, path: str) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {str(value)[:40]}", path)
    return bool(value == "true")


def one_of(*values: str) -> Field:
    """One of a few words."""

    def check(value: Any, path: str) -> str:
        if value not in values:
            raise invalid(f"Invalid {path}: must be one of {', '.join(values)}", path)
        return str(value)

    return check


def currency(value: Any, path: str) -> str:
    """A three-letter ISO code in lower case, as Stripe documents it."""
    if value not in CURRENCIES:
        known = ", ".join(CURRENCIES)
        raise invalid(f"Invalid currency: {str(value)[:40]}. The sandbox knows, in lower case: {known}", path)
    return str(value)


def email(value: Any, path: str) -> str:
    """Something with one @ and a dot behind it."""
    checked: str = text(most=512)(value, path)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", checked):
        raise invalid(f"Invalid email address: {checked[:100]}", path, "email_invalid")
    return checked


def url(value: Any, path: str) -> str:
    """An absolute http or https address."""
    checked: str = text()(value, path)
    try:
        parts = urlsplit(checked)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\x00-\x1f]", checked):
        raise invalid("Not a valid URL", path, "url_invalid")
    return checked


def metadata_change(value: Any, path: str) -> dict[str, str]:
    """Key-value pairs within Stripe's limits to merge into what is there; "" removes."""
    if value == "":
        return CLEARED
    if not isinstance(value, dict):
        raise invalid(f"Invalid hash: {path}", path)
    if len(value) > MOST_METADATA_KEYS:
        raise invalid(f"Metadata can have up to {MOST_METADATA_KEYS} keys.", path)
    for key, entry in value.items():
        if len(key) > LONGEST_METADATA_KEY:
            raise invalid(f"Metadata keys can have up to {LONGEST_METADATA_KEY} characters.", path)
        text(most=LONGEST_METADATA_VALUE, empty=True)(entry, f"{path}[{key}]")
    return value


def metadata(value: Any, path: str) -> dict[str, str]:
    """Key-value pairs of a new object."""
    return merged_metadata({}, metadata_change(value, path))


def merged_metadata(old: dict[str, str], change: dict[str, str]) -> dict[str, str]:
    """Merge as Stripe does: "" for the whole clears it, an empty value removes its key."""
    merged = {} if change is CLEARED else {**old, **change}
    return {key: value for key, value in merged.items() if value != ""}


def list_of(field: Field, *, most: int = 100) -> Field:
    """A list, sent as `name[0]`, `name[1]` or `name[]`."""

    def check(value: Any, path: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise invalid(f"Invalid array: {path}", path)
        if len(value) > most:
            raise invalid(f"Invalid array: {path} can have up to {most} entries.", path)
        return [field(value[key], f"{path}[{key}]") for key in sorted(value, key=int)]

    return check


def record(fields: Mapping[str, Field], *, required: Sequence[str] = ()) -> Field:
    """Named values; unknown names are refused, and so is the absence of a required one."""

    def check(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {path}", path)
        inside = f"{path}[{{}}]" if path else "{}"
        unknown = [inside.format(name) for name in value if name not in fields]
        if unknown:
            message = f"Received unknown parameter{'s' if len(unknown) > 1 else ''}: {', '.join(unknown)}"
            raise invalid(message, unknown[0], "parameter_unknown")
        for name in required:
            if name not in value:
                raise invalid(
                    f"Missing required param: {inside.format(name)}.", inside.format(name), "parameter_missing"
                )
        return {name: fields[name](entry, inside.format(name)) for name, entry in value.items()}

    return check


def either(first: Field, second: Field) -> Field:
    """A plain value by the first field, a nested one by the second."""

    def check(value: Any, path: str) -> Any:
        return (second if isinstance(value, dict) else first)(value, path)

    return check


def cleared_or(field: Field) -> Field:
    """A field that may be unset: an empty string becomes None."""

    def check(value: Any, path: str) -> Any:
        return None if value == "" else field(value, path)

    return check
