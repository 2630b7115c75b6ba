"""Servers that are away."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def no_database() -> Iterator[None]:
    """The database server cannot be reached."""
    right = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    yield
    connection.close()
    connection.settings_dict.update(HOST=right[0], PORT=right[1])
