"""What all templates of pages may use: words and dates of the site's language, and a few filters."""

from collections.abc import Callable
from functools import partial

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from feedserver.clock import rfc3339
from feedserver.languages.directions import direction_of
from feedserver.languages.english import Language
from feedserver.text import shorten
from feedserver.thoughts import comments
from feedserver.thoughts.wording import message_of
from feedserver.urls import ascii_url


def prepare(environment: Environment, language: Language) -> None:
    """Lets templates translate (`_`, `{% trans %}`, `|translated`), and write dates, numbers and lists.

    A page that is given another `language` of its own writes dates, sizes and lists in that one.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["language"] = language
    environment.filters |= {
        "translated": language.translated,
        "stored": partial(_stored, language),
        "day": _of_page("day"),
        "moment": _of_page("moment"),
        "month": _of_page("month"),
        "size": _of_page("size"),
        "listed": _of_page("listed"),
        "direction": lambda tag, words: direction_of(tag, language, words),
        "rfc3339": rfc3339,
        "shorten": shorten,
        "ascii_url": ascii_url,
        "paragraphs": lambda text: Markup(comments.as_html(text)),  # noqa: S704 - it escapes
    }


def _of_page(name: str) -> Callable[..., object]:
    """A filter that writes what it is given as the `language` of the page does."""

    @pass_context
    def written(context: Context, *given: object) -> object:
        return getattr(context.resolve("language"), name)(*given)

    return written


def _stored(language: Language, line: str) -> str:
    """A line of a receipt or refusal, as it was stored or sent; as it stands where it is none of ours."""
    message = message_of(line)
    return language.translated(message) if message else line
