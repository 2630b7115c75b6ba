from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from website.checks import local_run_is_off, policies_can_be_kept, reminders_come_in_time


class WebsiteConfig(AppConfig):
    name = "website"
    verbose_name = _("Website")

    def ready(self) -> None:
        checks.register(policies_can_be_kept)
        checks.register(reminders_come_in_time)
        checks.register(local_run_is_off, checks.Tags.security, deploy=True)
