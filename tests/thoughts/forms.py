"""The comment form as a person's browser fills it in: fields and hidden fields are read from the page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.thoughts.site import Site


@dataclass
class CommentForm(HTMLParser):
    """The form that a page shows: its action, and for each field its attributes and its value."""

    action: str = ""
    values: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str | None]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._textarea: str | None = None
        self._open_id: str | None = None
        self._is_other = False  # the form for pages elsewhere comes before

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._is_other = not (found["action"] or "").endswith("/comments")
        if self._is_other:
            return
        if found.get("id"):
            self._open_id = found["id"] or ""
            self.ids[self._open_id] = ""
        if tag == "form":
            self.action = urlsplit(found["action"] or "").path
        name = found.get("name")
        if tag in ("input", "textarea") and name:
            self.attributes[name] = found
            self.values[name] = found.get("value") or ""
            self._textarea = name if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None
        if tag == "form":
            self._is_other = False

    def handle_data(self, data: str) -> None:
        if self._open_id is not None:
            self.ids[self._open_id] += data
        if self._textarea is not None:
            self.values[self._textarea] += data


def read_form(page: str) -> CommentForm:
    form = CommentForm()
    form.feed(page)
    if "comment" in form.values:  # the line feed after the tag is HTML's own
        form.values["comment"] = form.values["comment"].removeprefix("\n")
    return form


TYPING_SECONDS = 2.1  # a comment that is sent sooner is held, by the clock of the server
TYPED = {"comment": "Well said.", "name": "Rita Reader", "email": "rita@mail.example", "website": ""}


class Commenter:
    """Reads a post's page, types, waits as long as typing takes, and sends."""

    def __init__(self, site: Site, slug: str = "a-post") -> None:
        self.site = site
        self.slug = slug

    def form(self) -> CommentForm:
        return read_form(self.site.client.get(f"/posts/{self.slug}").text)

    def send(self, form: CommentForm | None = None, *, sender: str = "192.0.2.7", **typed: str) -> TestResponse:
        form = form or self.form()
        self.site.clock.move(seconds=5)
        return self.post(form.values | TYPED | typed, sender=sender)

    def post(self, values: dict[str, str], *, sender: str = "192.0.2.7", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/posts/{self.slug}/comments"
        return self.site.client.post(path, data=values, headers=named, environ_base={"REMOTE_ADDR": sender})
