"""The stylesheets and the icon of the pages, as they were at the start, compressed once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.content_coding import Bodies, coding, encode
from feedserver.pages.theme import STYLE, Theme
from feedserver.urls import Urls

_FOLDER: Final = Path(__file__).with_name("static")
_STYLE_PATH: Final = f"/static/{STYLE}"
_THEME_PATH: Final = "/static/theme.css"
_YEAR: Final = 31_536_000  # seconds: the address of a stylesheet changes with its bytes
_DAY: Final = 86_400  # that of the icon does not


@dataclass(frozen=True)
class StaticFile:
    """A file that is the same for everybody: where it is, for how many seconds it may be kept, what it is."""

    path: str
    seconds: int
    media_type: str
    content: bytes

    @cached_property
    def bodies(self) -> Bodies:
        return encode(self.content)

    @property
    def versioned_path(self) -> str:
        return f"{self.path}?v={hashlib.sha256(self.content).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Look:
    """The files of the pages: our stylesheet, that of the theme after it, the icon."""

    style: StaticFile
    theme_style: StaticFile | None
    icon: StaticFile

    @property
    def styles(self) -> list[StaticFile]:
        return [self.style, self.theme_style] if self.theme_style else [self.style]

    def stylesheets(self, urls: Urls) -> list[str]:
        """The URLs of the stylesheets, in their order."""
        return [urls.at(file.versioned_path) for file in self.styles]


def look_of(theme: Theme) -> Look:
    css = "text/css; charset=utf-8"
    style = StaticFile(_STYLE_PATH, _YEAR, css, (_FOLDER / STYLE).read_bytes())
    theirs = None if theme.style is None else StaticFile(_THEME_PATH, _YEAR, css, theme.style)
    if theme.icon is None:
        icon = StaticFile("/favicon.ico", _DAY, "image/vnd.microsoft.icon", (_FOLDER / "favicon.ico").read_bytes())
    else:
        icon = StaticFile("/favicon.ico", _DAY, theme.icon.media_type, theme.icon.content)
    return Look(style, theirs, icon)


def blueprint_of(look: Look) -> Blueprint:
    """What answers at the addresses of these files."""
    made = Blueprint("look", __name__)
    for endpoint, file in _named(look):
        made.add_url_rule(file.path, endpoint, partial(_send, file), methods=["GET"])
    return made


def _named(look: Look) -> Iterator[tuple[str, StaticFile]]:
    yield "style", look.style
    yield "icon", look.icon
    if look.theme_style:
        yield "theme_style", look.theme_style


def _send(file: StaticFile) -> BaseResponse:
    chosen = coding(request.headers.get("Accept-Encoding"))
    response = Response(file.bodies[chosen], content_type=file.media_type)
    if chosen != "identity":
        response.headers["Content-Encoding"] = chosen
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"public, max-age={file.seconds}"
    if file.media_type == "image/svg+xml":
        response.headers["Content-Security-Policy"] = "sandbox"  # opened by itself, it runs no script
    response.add_etag(weak=True)
    return response.make_conditional(request)
