"""Hold plain JSON against the type annotations of the official SDK."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib import import_module
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import stripe
from stripe._object_classes import OBJECT_CLASSES

ALIASES = {"CardResource": "Card", "TaxIdResource": "TaxId"}


# Some names stand in a sub-package again; the plain one wins.
MODULES = {name: module for module, name in sorted(OBJECT_CLASSES.values(), key=lambda pair: -pair[0].count("."))}


class Names(dict[str, Any]):
    """The names that forward references of the SDK use; their modules are imported only when asked for."""

    def __missing__(self, name: str) -> Any:
        actual = ALIASES.get(name, name)
        return getattr(import_module(MODULES[actual]), actual)


@cache
def hints_of(kind: Any) -> dict[str, Any]:
    """The annotations of a class of the SDK."""
    return get_type_hints(kind, localns=Names())


def complaints(value: Any, hint: Any, path: str) -> Iterator[str]:
    """Say where a value does not fit an annotation."""
    origin, choices = get_origin(hint) or hint, get_args(hint)
    if origin in (Union, UnionType):
        yield from of_union(value, choices, path)
    elif origin is Literal:
        if value not in choices:
            yield f"{path} is {value!r}"
    elif origin is list:
        yield from of_list(value, choices, path)
    elif isinstance(origin, type) and issubclass(origin, stripe.StripeObject):
        yield from of_object(value, origin, path)
    elif isinstance(origin, type):
        yield from of_plain(value, origin, path)
    else:
        assert origin is Any or isinstance(origin, TypeVar), f"{path}: what is {hint}?"


def of_union(value: Any, choices: tuple[Any, ...], path: str) -> Iterator[str]:
    """A union fits when one of its types does; else the nearest one complains."""
    tries = [list(complaints(value, choice, path)) for choice in choices]
    if all(tries):
        yield from min(tries, key=len)


def of_list(value: Any, choices: tuple[Any, ...], path: str) -> Iterator[str]:
    """Each entry of a list has its type."""
    if not isinstance(value, list):
        yield f"{path} is {value!r}, not a list"
        return
    for index, entry in enumerate(value):
        yield from complaints(entry, choices[0], f"{path}[{index}]")


def of_object(value: Any, kind: Any, path: str) -> Iterator[str]:
    """Each key of an object is one that its class names. Lists of objects and untyped hashes may hold anything."""
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, not an object"
    elif kind is not stripe.ListObject and kind.__name__ != "UntypedStripeObject":
        hints = hints_of(kind)
        for key, entry in value.items():
            if key in hints:
                yield from complaints(entry, hints[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is unknown to the SDK"


def of_plain(value: Any, kind: type[Any], path: str) -> Iterator[str]:
    """Numbers are no booleans, and decimals travel as strings."""
    expected = str if kind is Decimal else kind
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{path} is {value!r}, not {kind.__name__}"
