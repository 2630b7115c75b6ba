"""Signing in and up by a code to the mailbox, and one's own profile. What a page decides is decided below it."""

from typing import Any

from allauth.account import views as allauth_views
from allauth.account.forms import UserForm
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.password_change import finalize_password_change, finalize_password_set
from allauth.account.mixins import NextRedirectMixin
from allauth.account.utils import get_login_redirect_url, perform_login
from allauth.decorators import rate_limit
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts import mailbox_codes, operations, roles
from accounts.forms import (
    ChangePasswordForm,
    CodeForm,
    PasswordSignInForm,
    ProfileForm,
    SetPasswordForm,
    SignInForm,
    SignUpForm,
)
from accounts.guesses import take_guess
from accounts.models import User
from core import clock

PROOF_FOR_A_NEW_PASSWORD = 600  # seconds since the mailbox was proven


@method_decorator(never_cache, name="dispatch")
class EntranceView(NextRedirectMixin, FormView):
    """A page on the way in. `next` is kept from page to page; whoever is in already goes there at once."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return redirect(get_login_redirect_url(request))
        return super().dispatch(request, *args, **kwargs)

    def to(self, page: str) -> HttpResponse:
        return redirect(self.passthrough_next_url(reverse(page)))

    def back_to_sign_in(self, reason: object) -> HttpResponse:
        messages.error(self.request, str(reason))
        return self.to("account_login")


class SignInView(EntranceView):
    """One page for everybody: an address goes in, a code goes to it."""

    template_name = "account/login.html"
    form_class = SignInForm

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            mailbox_codes.send_code(self.request, form.cleaned_data["email"])
        except mailbox_codes.TooManyCodes as refusal:
            form.add_error("email", str(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=refusal.status)
        return self.to("account_confirm_login_code")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        password_url = self.passthrough_next_url(reverse("account_login_password"))
        return super().get_context_data(password_url=password_url, **kwargs)


class CodeView(EntranceView):
    """The code comes back: known people are in, new ones tell us their name."""

    template_name = "account/confirm_login_code.html"
    form_class = CodeForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.waiting = mailbox_codes.waiting_code(request)
        if self.waiting is None and not request.user.is_authenticated:
            return self.back_to_sign_in(mailbox_codes.NoCodeWaiting())
        return super().dispatch(request, *args, **kwargs)

    @method_decorator(sensitive_post_parameters("code"))
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "resend":
            return self.resend()
        return super().post(request, *args, **kwargs)

    def resend(self) -> HttpResponse:
        assert self.waiting is not None
        try:
            mailbox_codes.send_code(self.request, self.waiting.email)
        except mailbox_codes.TooManyCodes as refusal:
            messages.error(self.request, str(refusal))
        else:
            messages.success(self.request, _("A new code is on its way. The earlier one no longer works."))
        return self.to("account_confirm_login_code")

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            email = mailbox_codes.check_code(self.request, form.cleaned_data["code"])
        except mailbox_codes.WrongCode as refusal:
            form.add_error("code", str(refusal))
            return self.form_invalid(form)
        except (mailbox_codes.NoCodeWaiting, mailbox_codes.NoGuessLeft) as refusal:
            mailbox_codes.forget_code(self.request)
            return self.back_to_sign_in(refusal)
        return self.welcome(email)

    def welcome(self, email: str) -> HttpResponse:
        user = User.objects.filter(email=email).first()
        if user is None:
            mailbox_codes.remember_proof(self.request, email)
            return self.to("account_signup")
        return sign_in(self.request, user, then=self.get_next_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert self.waiting is not None
        return super().get_context_data(
            email=self.waiting.email,
            minutes=int(mailbox_codes.CODE_LASTS.total_seconds() // 60),
            login_url=self.passthrough_next_url(reverse("account_login")),
            **kwargs,
        )


class SignUpView(EntranceView):
    """The last step of somebody new, whose mailbox is proven already."""

    template_name = "account/signup.html"
    form_class = SignUpForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.email = mailbox_codes.proven_mailbox(request) or ""
        if not self.email and not request.user.is_authenticated:
            return self.to("account_login")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            user = operations.open_account(email=self.email, **form.cleaned_data)
        except operations.AccountExists:  # opened from another window meanwhile; the mailbox is theirs all the same
            user = User.objects.get(email=self.email)
        mailbox_codes.forget_proof(self.request)
        return sign_in(self.request, user, then=self.get_next_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(email=self.email, **kwargs)


def sign_in(request: HttpRequest, user: User, *, then: str | None) -> HttpResponse:
    """Let in whoever has just proven their mailbox, after the second step if their account asks for one.

    For the next five minutes nothing asks again who it is (`reauthenticated`).
    """
    operations.confirm_mailbox(user=user)
    record_authentication(request, user, method="code", email=user.email, reauthenticated=True)
    answer: HttpResponse = perform_login(request, user, redirect_url=then, email=user.email)
    return answer


class PasswordSignInView(allauth_views.LoginView):
    template_name = "account/login_password.html"

    def get_form_class(self) -> type[Form]:
        return PasswordSignInForm

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> None:
        """Someone who comes back here wants to begin anew."""


class ConfirmNewEmailView(allauth_views.ConfirmEmailVerificationCodeView):
    """allauth's page for a changed address, with guesses counted exactly."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self._action == "verify" and not take_guess(self.attempt):
            self._process.abort()
            messages.error(request, str(mailbox_codes.NoGuessLeft()))
            return redirect("account_email" if request.user.is_authenticated else "account_login")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    @property
    def attempt(self) -> str:
        """A name for the code that was sent last; it changes with each code, and is in the session with it."""
        state = self._process.state
        return f"{state['at']} {state['email']} {state['resend_count']} {state['change_count']}"


@method_decorator(never_cache, name="dispatch")
class OwnAccountView(LoginRequiredMixin, FormView):
    """A page about the account of whoever looks at it."""

    success_url = reverse_lazy("accounts:profile")

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}


@method_decorator([sensitive_post_parameters(), rate_limit(action="change_password")], name="post")
class PasswordView(OwnAccountView):
    """Set a password, or change it. The old one is not asked from whoever has just proven their mailbox."""

    template_name = "account/password.html"

    def get_form_class(self) -> type[UserForm]:
        return ChangePasswordForm if self.must_give_the_old_one() else SetPasswordForm

    def must_give_the_old_one(self) -> bool:
        if not self.user.has_usable_password():
            return False
        now = clock.now().timestamp()
        records = get_authentication_records(self.request, self.user)
        return not any(r["method"] == "code" and now - r["at"] < PROOF_FOR_A_NEW_PASSWORD for r in records)

    def form_valid(self, form: UserForm) -> HttpResponse:
        finish = finalize_password_change if self.user.has_usable_password() else finalize_password_set
        form.save()
        finish(self.request, self.user)
        return super().form_valid(form)


class ProfileView(OwnAccountView):
    """One's own name and numbers, and the doors to address, password and second step."""

    template_name = "accounts/profile.html"
    form_class = ProfileForm

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        operations.change_profile(user=self.user, **form.cleaned_data)
        messages.success(self.request, _("Your profile is saved."))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            works_here=roles.is_staff_member(self.user), has_second_step=is_mfa_enabled(self.user), **kwargs
        )
