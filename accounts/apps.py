from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import receivers, roles  # noqa: F401, PLC0415 - models can be imported only now

        post_migrate.connect(roles.apply_table, dispatch_uid="accounts.roles")
