from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from website.checks import (
    local_run_is_off,
    patients_can_reach_the_clinic,
    policies_can_be_kept,
    reminders_come_in_time,
    secrets_and_money_work,
)


class WebsiteConfig(AppConfig):
    name = "website"
    verbose_name = _("Website")

    def ready(self) -> None:
        checks.register(policies_can_be_kept)
        checks.register(reminders_come_in_time)
        checks.register(secrets_and_money_work)
        checks.register(patients_can_reach_the_clinic, deploy=True)
        checks.register(local_run_is_off, checks.Tags.security, deploy=True)
