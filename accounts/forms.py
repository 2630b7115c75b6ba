"""The forms of signing in and of one's own profile. Labels stand above their fields, so there are no placeholders."""

import re
from collections.abc import Mapping
from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient, User, birth_date_of_a_living_person, one_line, phone_number

Attributes = Mapping[str, Any]
NONE: Attributes = {}
CODE_ATTRIBUTES = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "autocapitalize": "off",
    "spellcheck": "false",
    "class": "nums text-2xl tracking-widest",
}
TOO_LONG = _("Please write at most %(limit_value)d characters.")
CODE_ERRORS = {"required": _("Please enter the code."), "max_length": TOO_LONG}
EMAIL_ERRORS = {
    "required": _("Please enter your e-mail address."),
    "invalid": _("Please enter a whole e-mail address, such as anna@example.org."),
    "max_length": TOO_LONG,
}
PASSWORD_RULES = _("At least 10 characters, and none of the passwords that everybody tries first.")


# For the one field of a page that is there for nothing else; elsewhere somebody would miss what stands above it.
FOCUS = {"autofocus": True}


class CodeField(forms.CharField):
    """Six digits, typed with or without the space between them; a slip of the form costs no guess."""

    def __init__(self, *, attributes: Attributes = NONE, **options: Any) -> None:
        options.setdefault("label", _("Code"))
        options.setdefault("error_messages", CODE_ERRORS)
        super().__init__(max_length=20, widget=forms.TextInput(attrs={**CODE_ATTRIBUTES, **attributes}), **options)

    def clean(self, value: str) -> str:
        digits = re.sub(r"[\s\-\u2010-\u2015]", "", super().clean(value))
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise forms.ValidationError(_("The code has six digits, such as 123 456."), code="form")
        return digits


class EmailField(forms.EmailField):
    def __init__(self, *, attributes: Attributes = NONE, **options: Any) -> None:
        options.setdefault("label", _("E-mail address"))
        options.setdefault("error_messages", EMAIL_ERRORS)
        attributes = {"autocomplete": "email", "autocapitalize": "off", "spellcheck": "false", **attributes}
        super().__init__(max_length=254, widget=forms.EmailInput(attrs=attributes), **options)

    def clean(self, value: str) -> str:
        return str(super().clean(value)).lower()


class SignInForm(forms.Form):
    email = EmailField(attributes=FOCUS)


class CodeForm(forms.Form):
    code = CodeField(attributes=FOCUS)


class SignUpForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        validators=[one_line],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Please enter your name."), "max_length": TOO_LONG},
    )
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_("Only for urgent news about a class, for example when it cannot take place."),
        max_length=40,
        required=False,
        validators=[phone_number],
        error_messages={"max_length": TOO_LONG},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class ProfileForm(SignUpForm):
    """One's own name, and how the patient that one is can be reached."""

    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("Helps the front desk to tell two people of the same name apart."),
        required=False,
        validators=[birth_date_of_a_living_person],
        error_messages={"invalid": _("Please choose a day of the calendar, or leave it empty.")},
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        patient = user.own_patient or Patient(name=user.name)
        start = {"name": user.name or patient.name, "phone": patient.phone, "birth_date": patient.birth_date}
        super().__init__(*args, **options | {"initial": start})
        if user.own_patient is None:  # staff who take part in no class: there is nobody to ring up
            del self.fields["phone"], self.fields["birth_date"]


class WithoutPlaceholders(forms.Form):
    """Takes the placeholders out of allauth's forms."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class PasswordSignInForm(WithoutPlaceholders, account_forms.LoginForm):
    """E-mail and password. allauth drops the password field because nobody needs one to sign up."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"].label = _("E-mail address")
        self.fields["password"].help_text = ""

    def _setup_password_field(self) -> None:
        pass


class ChangePasswordForm(WithoutPlaceholders, account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["oldpassword"].label = _("Present password")
        self.fields["oldpassword"].help_text = _("Forgotten? Sign out, sign in with a code, and come back here.")
        self.fields["password1"].help_text = PASSWORD_RULES


class SetPasswordForm(WithoutPlaceholders, account_forms.SetPasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password1"].help_text = PASSWORD_RULES


class ReauthenticateForm(WithoutPlaceholders, account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].help_text = ""


class NewEmailForm(WithoutPlaceholders, account_forms.AddEmailForm):
    email = EmailField(label=_("New e-mail address"), attributes=FOCUS)


class NewEmailCodeForm(WithoutPlaceholders, account_forms.ConfirmEmailVerificationCodeForm):
    code = CodeField(attributes=FOCUS)


class SecondStepForm(WithoutPlaceholders, mfa_forms.AuthenticateForm):
    """A code of the authenticator app (6 digits) or a recovery code (8)."""

    code = forms.CharField(
        label=_("Code"), max_length=20, widget=forms.TextInput(attrs=CODE_ATTRIBUTES), error_messages=CODE_ERRORS
    )


class SecondStepAgainForm(WithoutPlaceholders, mfa_forms.ReauthenticateForm):
    code = forms.CharField(
        label=_("Code"), max_length=20, widget=forms.TextInput(attrs=CODE_ATTRIBUTES), error_messages=CODE_ERRORS
    )


class ActivateAppForm(WithoutPlaceholders, ActivateTOTPForm):
    code = CodeField(label=_("The code that the app shows now"))


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    name = forms.CharField(
        label=_("What to call it"),
        help_text=_("For example the device it is kept on."),
        max_length=100,
        required=False,
        validators=[one_line],
        error_messages={"max_length": TOO_LONG},
    )
    passwordless = forms.BooleanField(
        label=_("Sign in with this passkey alone"),
        help_text=_("The device asks for your fingerprint, face or PIN instead of a code."),
        required=False,
        initial=True,
    )


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):
    name = forms.CharField(
        label=_("What to call it"),
        max_length=100,
        validators=[one_line],
        error_messages={"required": _("Please give it a name."), "max_length": TOO_LONG},
    )
