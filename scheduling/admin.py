"""What the clinic offers, where and by whom, for managers.

Slots are read here: they change by operations only. Closures have their own pages, which name the classes in them.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from core import clock
from core.money import format_money
from scheduling.focus import FocusArea
from scheduling.forms import MoneyField
from scheduling.models import Certificate, ClassType, Instructor, Location, Qualification, Room, Series, Slot
from scheduling.operations import MOST_PLACES, PlacesOutOfRange
from scheduling.rules import series_in_words


class RoomsOfLocation(TabularInline):
    model = Room
    extra = 0


@admin.register(Location)
class LocationAdmin(ModelAdmin):
    list_display = ["name", "address"]
    search_fields = ["name"]
    inlines = [RoomsOfLocation]


@admin.register(Room)
class RoomAdmin(ModelAdmin):
    list_display = ["name", "location", "size"]
    list_filter = ["location"]
    list_select_related = ["location"]
    search_fields = ["name", "location__name"]


@admin.register(Qualification)
class QualificationAdmin(ModelAdmin):
    list_display = ["name", "description"]
    search_fields = ["name"]


class CertificatesOfInstructor(TabularInline):
    """Without the one that a class type asks for, an instructor is not planned for it."""

    model = Certificate
    extra = 0


@admin.register(Instructor)
class InstructorAdmin(ModelAdmin):
    list_display = ["name", "qualification", "user", "is_active"]
    list_filter = ["is_active"]
    list_select_related = ["user"]
    search_fields = ["name", "user__email"]
    autocomplete_fields = ["user"]
    inlines = [CertificatesOfInstructor]


class ClassTypeForm(forms.ModelForm):
    focus_areas = forms.MultipleChoiceField(
        label=_("Focus areas"), choices=FocusArea.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    qualifications = forms.ModelMultipleChoiceField(
        Qualification.objects.all(),
        label=_("Asks for"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Who teaches it needs all of these. Classes that are planned already stay as they are."),
    )
    price = MoneyField(widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = ClassType
        fields = "__all__"  # noqa: DJ007 - the admin names the fields

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "price" in self.fields:
            self.fields["price"].label = _("Price in %(currency)s") % {"currency": settings.CLINIC_CURRENCY.upper()}

    def clean_capacity(self) -> int:
        """No class could be planned with more places than a class may have."""
        capacity: int = self.cleaned_data["capacity"]
        if capacity > MOST_PLACES:
            raise forms.ValidationError(str(PlacesOutOfRange(fewest=1, most_places=MOST_PLACES)))
        return capacity


@admin.register(ClassType)
class ClassTypeAdmin(ModelAdmin):
    """A new price or length counts for slots that are drafted from then on."""

    form = ClassTypeForm
    list_display = ["name", "level", "minutes", "capacity", "costs", "is_active"]
    list_filter = ["is_active", "level"]
    search_fields = ["name"]
    fields = [
        "name",
        "level",
        "focus_areas",
        "qualifications",
        "description",
        "suits",
        "avoid",
        "bring",
        "minutes",
        "capacity",
        "price",
        "is_active",
    ]

    @admin.display(description=_("price"), ordering="price")
    def costs(self, class_type: ClassType) -> str:
        return format_money(class_type.price, settings.CLINIC_CURRENCY)


@admin.register(Series)
class SeriesAdmin(ModelAdmin):
    """Only to be read: series are planned and changed on their own pages, where their dates are checked."""

    list_display = ["class_type", "when", "instructor", "room", "capacity", "costs", "publishes"]
    list_filter = ["publishes", "class_type", "instructor"]
    list_select_related = ["class_type", "instructor", "room__location"]
    search_fields = ["class_type__name", "instructor__name"]
    fields = readonly_fields = [*list_display, "recurrence", "skipped_days", "stamped_until", "created_at"]

    @admin.display(description=_("when"), ordering="starts_on")
    def when(self, series: Series) -> str:
        return series_in_words(series)

    @admin.display(description=_("price"), ordering="price")
    def costs(self, series: Series) -> str:
        return format_money(series.price, settings.CLINIC_CURRENCY)

    def has_add_permission(self, request: HttpRequest, obj: Series | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Series | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Series | None = None) -> bool:
        return False


@admin.register(Slot)
class SlotAdmin(ModelAdmin):
    list_display = ["class_type", "when", "instructor", "room", "places", "costs", "state"]
    list_filter = ["state", "class_type", "instructor"]
    list_select_related = ["class_type", "instructor", "room__location"]
    search_fields = ["class_type__name", "instructor__name"]
    ordering = ["-starts_at"]
    show_full_result_count = False
    fields = readonly_fields = [*list_display, "created_at", "published_at"]

    @admin.display(description=_("when"), ordering="starts_at")
    def when(self, slot: Slot) -> str:
        return clock.format_when(slot.starts_at, slot.ends_at)

    @admin.display(description=_("places"), ordering="taken")
    def places(self, slot: Slot) -> str:
        return _("%(taken)d of %(capacity)d taken") % {"taken": slot.taken, "capacity": slot.capacity}

    @admin.display(description=_("price"), ordering="price")
    def costs(self, slot: Slot) -> str:
        return format_money(slot.price, slot.currency)

    def has_add_permission(self, request: HttpRequest, obj: Slot | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Slot | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Slot | None = None) -> bool:
        return False
