"""The entry for the web server."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What starting up has made stays for the life of the process: load all of it before the first visitor comes, and leave
# it out of the garbage collections that requests cause.
get_resolver().url_patterns  # noqa: B018 - reading it imports the views
gc.collect()
gc.freeze()
