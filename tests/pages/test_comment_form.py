"""The comment form as the template writes it: labels, limits, errors beside their fields, nothing typed is lost."""

from tests.pages.builders import QUOTED, elements, form, post_page, rich_post_page, texts


def test_every_visible_field_has_a_label_and_a_limit() -> None:
    page = post_page(form=form())
    fields = elements(page, "#comment-form textarea, #comment-form input:not([type=hidden])")
    limits = {f.attrs["name"]: f.attrs.get("maxlength") for f in fields}

    assert limits == {"comment": "10000", "name": "100", "email": "254", "website": "2048", "homepage": None}
    assert [label.attrs["for"] for label in elements(page, "#comment-form label")] == [f.attrs["id"] for f in fields]
    assert [f.attrs["name"] for f in fields if "required" in f.attrs] == ["comment", "name"]


def test_an_error_is_tied_to_its_field_and_linked_from_the_summary() -> None:
    page = rich_post_page()
    wrong = {e.attrs["id"]: e.attrs["aria-describedby"] for e in elements(page, "[aria-invalid=true]")}

    assert wrong == {"field-comment": "error-comment", "field-email": "error-email"}
    assert texts(page, "#error-email") == ["Error: Not an address."]
    assert [e.attrs["href"] for e in elements(page, "[role=alert] a")] == ["#field-comment", "#field-email"]
    assert texts(page, "[role=alert] li")[0] == "Please send it again."
    assert elements(page, "title")[0].text.startswith("Error: ")


def test_a_form_without_errors_has_no_summary() -> None:
    assert elements(post_page(form=form()), "[role=alert], [aria-invalid], .error") == []


def test_input_comes_back_unchanged() -> None:
    page = rich_post_page()

    assert elements(page, "textarea")[0].text == form().values["comment"]
    assert elements(page, "#field-name")[0].attrs["value"] == QUOTED
