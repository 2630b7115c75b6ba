"""Forms: every error is named on top and beside its field, and tied to it for screen readers."""

import re

from django import forms

from website import specimens


class OneField(forms.Form):
    nickname = forms.CharField(label="<b>Nickname</b>")


def test_the_summary_of_errors_leads_to_each_field() -> None:
    html = str(specimens.wrong_form())

    summary = html[html.index("error-summary") : html.index("</ul>")]
    targets = re.findall(r'href="#([\w-]+)"', summary)
    assert targets == ["id_email", "id_day", "id_level_0", "id_agree"]
    for target in targets:
        assert f'id="{target}"' in html


def test_a_fields_error_and_hint_are_read_out_with_it() -> None:
    html = str(specimens.wrong_form()["email"].as_field_group())

    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    html = str(specimens.SpecimenForm())

    assert "error-summary" not in html
    assert "field-error" not in html


def test_only_optional_fields_are_marked() -> None:
    form = specimens.SpecimenForm()

    assert "(optional)" in form["phone"].as_field_group()
    assert "(optional)" not in form["name"].as_field_group()


def test_what_people_typed_is_escaped() -> None:
    form = OneField({"nickname": ""})
    echoed = specimens.SpecimenForm({"name": '"><script>x</script>'})

    assert "&lt;b&gt;Nickname&lt;/b&gt;" in str(form)
    assert "<b>" not in str(form)
    assert "<script>" not in str(echoed)
