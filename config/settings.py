"""Everything comes from the environment; this file parses it and nothing more. Secrets have no default."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import logs
from config.admin_look import admin_look

env = environ.Env()
env.ENVIRON = {name: value for name, value in os.environ.items() if value}  # a line of .env not filled in is unset
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.str("SECRET_KEY")
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS")  # Fernet keys; the first one encrypts, all of them decrypt
SITE_URL = env.str("SITE_URL").rstrip("/")
SITE_IS_HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS")

# What is allowed on one's own machine only: the Stripe sandbox, demo data, the style guide, passkeys without https,
# static files from where they are written. DEBUG adds tracebacks in the browser and nothing else.
LOCAL_RUN = env.bool("LOCAL_RUN", default=False)
if LOCAL_RUN and urlsplit(SITE_URL).hostname not in ("127.0.0.1", "localhost", "::1"):
    raise ImproperlyConfigured(f"LOCAL_RUN is for a product that only its own machine reaches, not for {SITE_URL}.")
DEBUG = LOCAL_RUN and env.bool("DEBUG", default=False)

# The clinic
CLINIC_NAME = env.str("CLINIC_NAME", default="Sukha Back Clinic")
CLINIC_TIME_ZONE = env.str("CLINIC_TIME_ZONE", default="Europe/Berlin")
CLINIC_CURRENCY = env.str("CLINIC_CURRENCY", default="eur").lower()
CLINIC_COUNTRY = env.str("CLINIC_COUNTRY", default="DE").upper()
CLINIC_PHONE = env.str("CLINIC_PHONE", default="")
CLINIC_EMAIL = env.str("CLINIC_EMAIL", default="")
CLINIC_ADDRESS = env.str("CLINIC_ADDRESS", default="", multiline=True)
CLINIC_IMPRINT = env.str("CLINIC_IMPRINT", default="", multiline=True)  # what else the law wants there
CLINIC_PRIVACY_URL = env.str("CLINIC_PRIVACY_URL", default="")
BACK_PAIN_ARTICLE_URL = env.str("BACK_PAIN_ARTICLE_URL", default="")

# The policies
LEAST_PRICE = env.int("LEAST_PRICE", default=50)  # smallest unit; Stripe charges no less than 0.50 €
FREE_CANCEL_HOURS = env.int("FREE_CANCEL_HOURS", default=24)
CANCEL_GRACE_MINUTES = env.int("CANCEL_GRACE_MINUTES", default=10)
HOLD_LASTS = timedelta(minutes=env.int("HOLD_MINUTES", default=35))
MOST_HOLDS = env.int("MOST_HOLDS", default=5)  # places that one account keeps unpaid at a time
CHECKOUT_LASTS = timedelta(minutes=31)  # Stripe accepts 30 minutes or more
SERIES_HORIZON = timedelta(weeks=env.int("SERIES_WEEKS_AHEAD", default=12))  # how far ahead series are stamped
REMIND_BEFORE = timedelta(hours=env.int("REMIND_HOURS_BEFORE", default=26))  # while cancelling is still free

# The house
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "accounts",  # before allauth, whose templates it replaces
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "scheduling",
    "payments",
    "booking",
    "notifications",
    "website",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.OwnPagesAreNotKept",  # behind the static files, which may be kept
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SignInOutage",
    "config.admin_input.NoNulInAdmin",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "website" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "website.context.clinic",
            ],
            "builtins": ["website.templatetags.components"],
        },
    }
]
FORM_RENDERER = "website.forms.FormRenderer"

UNFOLD = admin_look(CLINIC_NAME)

# PostgreSQL is the record. No pool: one connection a web thread or worker process, kept and checked.
STATEMENT_TIMEOUT_SECONDS = env.int("DATABASE_STATEMENT_TIMEOUT", default=10)
DATABASES = {
    "default": env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")
    | {
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "application_name": "sukha",
            "options": f"-c lock_timeout=3s -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
            " -c idle_in_transaction_session_timeout=15s",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis only wakes workers up and counts attempts; the cache has a database and a prefix of its own.
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", default=REDIS_URL),
        "KEY_PREFIX": "sukha",
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3},
    }
}

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "booking:my"
LOGOUT_REDIRECT_URL = "website:landing"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "accounts.encryption.EncryptedSessionSerializer"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_HTTPS
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# Signing in: by a code to the mailbox (accounts/mailbox_codes.py); passwords, second steps and passkeys by allauth
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "add_email": "accounts.forms.NewEmailForm",
    "confirm_email_verification_code": "accounts.forms.NewEmailCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_RATE_LIMITS = {  # each per computer ("ip") and per address or account ("key")
    "request_login_code": "20/m/ip,100/h/ip,3/m/key,10/h/key",  # 3 guesses a code: at most 30 an hour at one mailbox
    "confirm_email": "3/m/key,10/h/key",
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
}
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)  # 0: X-Forwarded-For is not believed
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = CLINIC_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL_RUN
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.SecondStepAgainForm",
    "activate_totp": "accounts.forms.ActivateAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.RenamePasskeyForm",
}

# Messages
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{CLINIC_NAME} <bookings@localhost>")

# Stripe. The base address can be changed only in the local run, for its sandbox.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="") if LOCAL_RUN else ""

# Languages and time: the database keeps UTC, core.clock turns it into the clinic's time
LANGUAGE_CODE = env.str("CLINIC_LANGUAGE", default="en")
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = ["config.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = CLINIC_TIME_ZONE

# Static files, built at set-up
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL_RUN
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL_RUN

# Headers
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SITE_IS_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
# On an apex domain these bind every other service of the clinic to https, for a year: only a person can know.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_HTTPS and env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS and env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # which want both everywhere
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "website.failures.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # Unfold's pages need inline scripts; only staff reach them
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Chromium applies form-action to the redirect behind a form too: paying leaves for the hosted checkout
        "form-action": [SELF, STRIPE_API_BASE or "https://checkout.stripe.com"],
    },
}

# Celery wakes up, rows remember (docs/architecture.md); these values survived the faults in tests/chaos
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}
    for name, task, seconds in [
        ("deliver due messages", "notifications.tasks.deliver_due_messages", 30),
        ("release ended holds", "booking.tasks.release_ended_holds", 30),
        ("end bookings of cancelled slots", "booking.tasks.end_bookings_of_cancelled_slots", 30),
        ("stamp slots of series", "scheduling.tasks.fill_horizon", 3600),
        ("process stored Stripe events", "payments.tasks.process_due_events", 30),
        ("send due refunds", "payments.tasks.send_due_refunds", 30),
        ("reconcile with Stripe", "payments.tasks.reconcile_with_stripe", 3600),
        ("forget old answers of the API", "accounts.tasks.forget_old_answers", 3600),
        ("forget sessions that have ended", "accounts.tasks.forget_ended_sessions", 3600),
    ]
}

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.api.authentication.PlainTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.negotiation.ShortNegotiation",
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.SmallJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pages.Pages",
    "DEFAULT_THROTTLE_CLASSES": ["config.api.rates.Rate"],
    "DEFAULT_THROTTLE_RATES": {  # for each account, or each address of a visitor
        "visitor": env.str("API_RATE_VISITOR", default="300/min"),
        "read": env.str("API_RATE_READ", default="600/min"),
        "write": env.str("API_RATE_WRITE", default="60/min"),
    },
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "EXCEPTION_HANDLER": "config.api.problems.problem",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{CLINIC_NAME}: booking API",
    "DESCRIPTION": "Slots, bookings and payments. Times are ISO 8601 with an offset; money is an integer in the "
    "currency's smallest unit; errors are problem details (RFC 9457) with a stable `code`. Send "
    "`Authorization: Token …`; the clinic issues tokens. Lists come in pages: follow `next` until it is null. "
    "Requests are JSON, at most 64 KB.",
    "VERSION": "1",
    "TAGS": [{"name": name} for name in ("Slots", "Series", "Substitutes", "Closures", "Catalogue", "Bookings")],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "displayRequestDuration": True},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "BookingState": "booking.models.Booking.State",
        "SlotState": "scheduling.models.Slot.State",
        "Level": "scheduling.models.ClassType.Level",
        "FocusArea": "scheduling.focus.FocusArea",
    },
    "OAS_VERSION": "3.1.0",  # its schemas are JSON Schema, so tests can hold the answers against them
}

LOGGING = logs.configuration(env.str("LOG_FORMAT", default="json"), level=env.str("LOG_LEVEL", default="INFO"))

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    logs.report_errors(SENTRY_DSN, environment=env.str("SENTRY_ENVIRONMENT", default="production"))
