"""How forms look: `FORM_RENDERER` points here."""

from django.forms.renderers import DjangoTemplates


class FormRenderer(DjangoTemplates):
    """Labels above, hint, error beside the field, a summary of the errors on top.

    Only the frame around the widgets is ours; the widgets stay Django's, so the admin's forms are not touched.
    """

    form_template_name = "website/forms/form.html"
    formset_template_name = "website/forms/formset.html"
    field_template_name = "website/forms/field.html"
