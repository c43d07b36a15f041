"""Forms that come back: fields of one that could not be taken are carried along in hidden fields, and shown again.

Nothing of them is stored. A view whose form holds text says how it is shown filled in:

    @refills("desk.edit")
    def filled(fields: MultiDict[str, str], slug: str) -> Response:

is called with what was typed and the parts of the address, once somebody has signed in; it does nothing else. That of a
form with files takes `values` for its page too, such as what was wrong with these (`filled_in`). Of other forms nothing
is carried along: the browser is led to a page near by. Where a form cannot be shown, or anything else goes wrong, the
error page holds what was `written`, to be copied.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote

from flask import abort, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Response

from feedserver.desk.next_page import HOME

Fields = MultiDict[str, str]
Refill = Callable[..., Response]  # or a redirect

FORM_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
SHOW_AGAIN: Final = "show_again"  # the name of a field: the form is to be shown filled in, nothing else
_PREFIX: Final = "kept-"
_NOT_TYPED: Final = (  # what buttons, choices and pages say
    *(FORM_TOKEN, "do", "revision", "shown_slug", "submission"),
    *("comments", "pings", "scope", "tell"),
)
_refills: dict[str, Refill] = {}


def refills(endpoint: str) -> Callable[[Refill], Refill]:
    """Registers how the form of an endpoint is shown filled in."""

    def register(refill: Refill) -> Refill:
        _refills[endpoint] = refill
        return refill

    return register


def of_this_form() -> list[tuple[str, str]]:
    """The hidden fields that carry the present form along; none where it holds no text."""
    if request.endpoint not in _refills:
        return []
    return [(_PREFIX + name, value) for name, value in _fields(request.form) if name != FORM_TOKEN]


def carried_on() -> list[tuple[str, str]]:
    """The hidden fields that the present form has carried along."""
    return [(name, value) for name, value in _fields(request.form) if name.startswith(_PREFIX)]


def while_away() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What may not be lost of the present form if it cannot be taken: its fields, if it holds text, and those that it
    has carried along. Nothing of a form that is refused."""
    try:
        return (list(_fields(request.form)) if of_this_form() else []), carried_on()
    except RequestEntityTooLarge:
        return [], []


def written() -> list[tuple[str, str]]:
    """The names of fields, and what somebody has written in them, of the present form and of one that it has carried
    along."""
    fields, carried = while_away()
    named = [(name.removeprefix(_PREFIX), value) for name, value in fields + carried]
    return [(name, value) for name, value in named if value.strip() and name not in _NOT_TYPED]


def filled_in(**values: Any) -> Response:
    """The page with the present form filled in; its template gets `values`, and its answer their `status`. Aborts with
    404 if it holds no text."""
    refill = _refills.get(request.endpoint or "") or abort(404)
    return refill(request.form, **(request.view_args or {}), **values)


def shown_again(path: str) -> Response | None:
    """The page with the form that the present one has carried along, sent to `path`; None if nothing was carried.
    Aborts with 404 if there is no such form."""
    fields = Fields([(name.removeprefix(_PREFIX), value) for name, value in carried_on()])
    if not fields:
        return None
    endpoint, parts = _match(path, "POST") or abort(404)
    refill = _refills.get(endpoint) or abort(404)
    return refill(fields, **parts)


def page_near(path: str) -> str:
    """A path to which a browser can be led: this one, or the nearest above it that has a page."""
    while path.startswith(HOME + "/") and _match(path.partition("?")[0], "GET") is None:
        path = path.partition("?")[0].rpartition("/")[0]
    return path


def _match(path: str, method: str) -> tuple[str, Any] | None:
    """The endpoint at an encoded path below `site.url`, and the parts of its address; None if there is none."""
    adapter = current_app.create_url_adapter(request)
    assert isinstance(adapter, MapAdapter)
    try:
        return adapter.match(unquote(path.partition("?")[0]), method)
    except HTTPException:
        return None


def _fields(form: Fields) -> Iterable[tuple[str, str]]:
    return form.items(multi=True)
