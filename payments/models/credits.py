"""Prepaid credits (passes) and monthly allowances (memberships). Balances have ledgers, and checks that bind them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from payments.models.orders import Order


class PassType(models.Model):
    """A pass as it is sold: so many credits, valid for so many days, for one price."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    credits = models.PositiveSmallIntegerField(_("credits"))
    valid_days = models.PositiveSmallIntegerField(_("valid for days"))
    price = models.PositiveIntegerField(_("price"))
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("pass type")
        verbose_name_plural = _("pass types")
        constraints = [models.CheckConstraint(condition=Q(credits__gt=0), name="a_pass_type_has_credits")]

    def __str__(self) -> str:
        return self.name


class Pass(models.Model):
    """Prepaid credits of one account. `credits_left` is the sum of its entries and never below zero."""

    account = models.ForeignKey(User, models.PROTECT, related_name="passes")
    pass_type = models.ForeignKey(PassType, models.PROTECT, related_name="passes")
    order = models.OneToOneField(Order, models.PROTECT, related_name="bought_pass", null=True, blank=True)
    credits_left = models.PositiveSmallIntegerField(_("credits left"), default=0)
    starts_on = models.DateField(_("valid from"))
    expires_on = models.DateField(_("valid until"), help_text=_("The last day, inclusive, at the clinic."))

    class Meta:
        verbose_name = _("pass")
        verbose_name_plural = _("passes")
        constraints = [
            models.CheckConstraint(condition=Q(expires_on__gte=F("starts_on")), name="a_pass_is_valid_for_a_day"),
            models.CheckConstraint(condition=Q(credits_left__gte=0), name="pass_credits_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.pass_type} until {self.expires_on}"


class PassEntry(models.Model):
    """One movement of credits, with reason and actor. Append-only: a correction is another entry."""

    bought_pass = models.ForeignKey(Pass, models.PROTECT, related_name="entries")
    change = models.SmallIntegerField(_("change"))
    reason = models.CharField(_("reason"), max_length=200)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("pass entry")
        verbose_name_plural = _("pass entries")
        constraints = [models.CheckConstraint(condition=~Q(change=0), name="a_pass_entry_changes_something")]

    def __str__(self) -> str:
        return f"{self.change:+d}: {self.reason}"


class MembershipPlan(models.Model):
    """A membership as it is sold: an allowance of classes each month."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    allowance = models.PositiveSmallIntegerField(_("classes a month"))
    price = models.PositiveIntegerField(_("price a month"))
    stripe_price = models.CharField(_("Stripe price"), max_length=255, blank=True)
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("membership plan")
        verbose_name_plural = _("membership plans")
        constraints = [models.CheckConstraint(condition=Q(allowance__gt=0), name="a_membership_allows_something")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A monthly subscription of one account."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAST_DUE = "past_due", _("Payment overdue")
        ENDED = "ended", _("Ended")

    account = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    plan = models.ForeignKey(MembershipPlan, models.PROTECT, related_name="memberships")
    stripe_subscription = models.CharField(max_length=255, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=~Q(state="ended"), name="one_running_membership_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.state}"


class MembershipGrant(models.Model):
    """The allowance of one month; what is not used lapses with it."""

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="grants")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    allowance = models.PositiveSmallIntegerField(_("allowance"))
    used = models.PositiveSmallIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("membership grant")
        verbose_name_plural = _("membership grants")
        constraints = [
            models.UniqueConstraint(fields=["membership", "starts_on"], name="one_grant_per_membership_and_period"),
            models.CheckConstraint(condition=Q(used__lte=F("allowance")), name="never_use_more_than_was_granted"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="a_grant_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on}: {self.used}/{self.allowance}"
