"""The product's settings plus the addresses of the floors. Only `python -m bench` names this module."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as PRODUCT_APPS
from config.settings import STORAGES as PRODUCT_STORAGES

INSTALLED_APPS = [*PRODUCT_APPS, "bench"]
ROOT_URLCONF = "bench.urls"
STORAGES = PRODUCT_STORAGES | {  # saves collecting and compressing the static files, of which none is asked for
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
