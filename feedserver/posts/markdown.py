"""The Markdown of posts: CommonMark and what authors expect beside it. Imported late, as readers' requests need none.

Raw HTML, tables, strikethrough, footnotes, definition lists, task lists; bare addresses become links, quotation marks
and dashes those of the language, headings have ids, and code is highlighted. Pure.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from feedserver.errors import InvalidDocument
from feedserver.posts import autolinks, headings, tasks, typography

_MAX_SIZE: Final = 4 * 1_048_576  # characters that 1 MiB of Markdown may become
_NUMBERS: Final = 80  # characters of the link to a footnote, and of each link back
_MAX_CODE: Final = 50_000  # characters of a post's code that are highlighted, all or none


def to_html(body: str, language: str) -> tuple[str, str]:
    """The HTML of `body`, with highlighted code and without; `language` is that of its words (BCP 47).

    Raises InvalidDocument if the HTML is too long.
    """
    markdown = _parser(typography.quotes(language))
    environment: dict[str, object] = {}
    tokens = markdown.parse(body, environment)
    if _size(tokens) > _MAX_SIZE:  # such as thousands of short references to one long address, or to one footnote
        raise InvalidDocument("body", f"becomes over {_MAX_SIZE} characters of HTML; shorten its references")
    html = str(markdown.renderer.render(tokens, markdown.options, environment))
    code = [token for token in tokens if token.type == "fence" and token.info]
    if not 0 < sum(len(token.content) for token in code) <= _MAX_CODE:
        return html, html
    from feedserver.posts.highlighting import highlight  # late: most posts hold no code

    with_highlights = OptionsDict({**markdown.options, "highlight": highlight})  # type: ignore[typeddict-item]
    return str(markdown.renderer.render(tokens, with_highlights, environment)), html


def _size(tokens: Iterable[Token]) -> int:
    """The number of characters in tokens, addresses and titles included."""
    return sum(
        _size(token.children)
        if token.children
        else _NUMBERS * token.type.startswith("footnote_")
        + len(token.content)
        + sum(len(str(value)) for value in token.attrs.values())
        for token in tokens
    )


@lru_cache(maxsize=8)
def _parser(quotes: tuple[str, str, str, str]) -> MarkdownIt:
    """The parser for a language with these quotation marks."""
    markdown = MarkdownIt("commonmark", {"html": True, "linkify": True, "typographer": True, "quotes": quotes})
    markdown.enable(["table", "strikethrough", "linkify", "replacements", "smartquotes"])
    markdown.use(footnote_plugin).use(deflist_plugin)
    markdown.linkify = autolinks.addresses()
    markdown.inline.ruler.at("linkify", autolinks.link)
    markdown.core.ruler.at("replacements", typography.signs)
    # Twice: code in raw HTML holds no links, and the addresses that became links hold no quotation marks.
    for rule in ("linkify", "replacements"):
        markdown.core.ruler.before(rule, f"verbatim_{rule}", typography.keep_verbatim)
    markdown.core.ruler.push("tasks", tasks.mark)
    markdown.core.ruler.push("headings", headings.identify)
    for name in ("fence", "code_block", "table_open"):
        markdown.add_render_rule(name, _scrolling)
    for name in ("th_open", "td_open"):
        markdown.add_render_rule(name, _cell)
    return markdown


def _scrolling(renderer: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    """Code or a table, which may scroll in its own box: it can be reached by keyboard (WCAG 2.2, 2.1.1)."""
    draw = {"fence": renderer.fence, "code_block": renderer.code_block}.get(tokens[index].type, renderer.renderToken)
    return str(draw(tokens, index, options, environment)).replace(">", ' tabindex="0">', 1)


def _cell(renderer: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    """A table cell, aligned by an attribute: pages allow no inline style, and feed readers drop it."""
    if style := tokens[index].attrs.pop("style", None):
        tokens[index].attrs["align"] = str(style).removeprefix("text-align:")
    return str(renderer.renderToken(tokens, index, options, environment))
