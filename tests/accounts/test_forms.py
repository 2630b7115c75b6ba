"""What the forms of accounts answer to input of any length, in our own words."""

import pytest
from django import forms

from accounts.forms import CodeForm, SignInForm, SignUpForm


@pytest.mark.parametrize(
    ("form", "field", "most"),
    [(SignInForm, "email", 254), (CodeForm, "code", 20), (SignUpForm, "name", 150), (SignUpForm, "phone", 40)],
)
def test_too_long_is_said_in_our_own_words(form: type[forms.Form], field: str, most: int) -> None:
    errors = form({field: "9" * 10_000}).errors[field]

    assert f"Please write at most {most} characters." in errors
    assert not any("Ensure" in error for error in errors)
