"""The timetable from a spreadsheet and to one: first what would become of each row, then all of it or nothing."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import account_of
from accounts.roles import MANAGER, has_role
from accounts.sent_once import Done, do_once
from core import clock
from core.errors import DomainError
from scheduling.columns import explained_columns
from scheduling.exports import timetable_rows
from scheduling.operations.imports import PlannedRow, RowsRefused, import_timetable, preview_import
from scheduling.sheet import MOST_BYTES, MOST_ROWS, Row, read_rows, write_rows
from scheduling.views.guards import plans_classes

MOST_SHOWN = 100  # rows of each kind on the page


class ImportForm(forms.Form):
    """The file, or after the dry run its text; and what rows become that do not say it."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Save the sheet of your spreadsheet program as “CSV UTF-8”."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": gettext_lazy("Please choose the file with your timetable."),
            "empty": gettext_lazy("This file is empty."),
        },
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    publish = forms.ChoiceField(
        label=gettext_lazy("Rows that do not say their state"),
        choices=[
            ("no", gettext_lazy("become drafts, published afterwards")),
            ("yes", gettext_lazy("are published at once")),
        ],
        initial="no",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["file"].required = not self.data.get("text")

    def data_of_file(self) -> bytes:
        """What was sent; of too large a file just as much as shows that it is one."""
        file = self.cleaned_data["file"]
        if file is None:
            return str(self.cleaned_data["text"]).encode()
        data: bytes = file.read(MOST_BYTES + 1)
        return data


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def timetable_import(request: HttpRequest) -> HttpResponse:
    """Choose a file, see what would become of each row, and import it."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _form_page(request, form)
    publish = form.cleaned_data["publish"] == "yes"
    try:
        data = form.data_of_file()
        rows = read_rows(data)
        if request.POST.get("then") != "import":
            planned = preview_import(rows=rows, by=account_of(request), publish=publish)
            return _outcome_page(request, planned, data, publish=publish)
        return do_once(request, partial(_import, rows, account_of(request), publish=publish))
    except RowsRefused as refused:
        return _outcome_page(request, refused.planned, data, publish=publish, refused=refused)
    except DomainError as error:
        form.add_error("file", str(error))
        return _form_page(request, form)


@plans_classes
@require_safe
def timetable_export(request: HttpRequest) -> HttpResponse:
    """The classes to come as a CSV file that can be imported again; a manager's holds everyone's."""
    response = HttpResponse(write_rows(timetable_rows(account_of(request))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="timetable-{clock.clinic_today().isoformat()}.csv"'
    return response


def _import(rows: list[Row], by: User, *, publish: bool) -> Done:
    planned = import_timetable(rows=rows, by=by, publish=publish)
    return Done(_("Imported: %(made)s.") % {"made": _made(planned)}, reverse("scheduling:teach"))


def _form_page(request: HttpRequest, form: ImportForm) -> HttpResponse:
    context = {
        "form": form,
        "columns": explained_columns(clock.clinic_today()),
        "most_rows": f"{MOST_ROWS:,}",
        "is_manager": has_role(request.user, MANAGER),
    }
    return render(request, "scheduling/imports/form.html", context, status=422 if form.errors else 200)


def _outcome_page(
    request: HttpRequest,
    planned: list[PlannedRow],
    data: bytes,
    *,
    publish: bool,
    refused: RowsRefused | None = None,
) -> HttpResponse:
    """Each row's outcome; the form in it carries the file's text, so that what was looked at is what is imported."""
    bad = [row for row in planned if row.problem]
    good = [row for row in planned if not row.problem]
    context = {
        "bad": bad[:MOST_SHOWN],
        "bad_count": len(bad),
        "good": good[:MOST_SHOWN],
        "good_count": len(good),
        "made": _made(good),
        "text": data.decode("utf-8-sig"),
        "publish": publish,
        "refused": refused,
        "zone": clock.zone_label(),
    }
    return render(request, "scheduling/imports/outcome.html", context, status=422 if refused else 200)


def _made(planned: list[PlannedRow]) -> str:
    """What the rows make, in words: `3 series and 40 classes`."""
    series = sum(row.series is not None for row in planned)
    slots = sum(len(row.slots) for row in planned)
    classes = ngettext("%(count)s class", "%(count)s classes", slots) % {"count": f"{slots:,}"}
    if not series:
        return classes
    counted = ngettext("%(count)s series", "%(count)s series", series) % {"count": f"{series:,}"}
    return _("%(series)s with %(classes)s in all") % {"series": counted, "classes": classes}
