"""The addresses under /accounts/. allauth's names, but only the pages that we offer, so none exists unlooked-at."""

from allauth.account import views
from django.urls import include, path

from accounts.views import CodeView, ConfirmNewEmailView, PasswordSignInView, PasswordView, SignInView, SignUpView

urlpatterns = [
    path("login/", SignInView.as_view(), name="account_login"),
    path("login/code/", CodeView.as_view(), name="account_confirm_login_code"),
    path("login/password/", PasswordSignInView.as_view(), name="account_login_password"),
    path("signup/", SignUpView.as_view(), name="account_signup"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("email/", views.email, name="account_email"),
    path("email/code/", ConfirmNewEmailView.as_view(), name="account_email_verification_sent"),
    path("password/", PasswordView.as_view(), name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
]
