"""The addresses in an imported text, exchanged for ours. All other bytes, and all code, stay as they are. Pure."""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Final

import turbohtml

from feedserver.posts.model import Format
from feedserver.text import srcset_candidates
from feedserver.transfer.formats.html_pieces import tags
from feedserver.transfer.formats.markdown_source import substituted, with_addresses

Replace = Callable[[str], str]  # an address as it is written -> the one to write, which holds no blanks and brackets

_ADDRESSES: Final = frozenset(("href", "src", "poster"))
_SETS: Final = frozenset(("srcset", "imagesrcset"))
_ATTRIBUTE: Final = re.compile(
    r"""(?<=[\s"'/])(?P<name>[^\s"'<>/=]++)(?P<equals>\s*+=\s*+)(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<plain>[^\s>]++))"""
)
_AUTOLINK: Final = re.compile(r"<(https?://[^\s<>]++)>", re.IGNORECASE)
_BARE: Final = re.compile(r"""(?<![^\s(*_])(?<!\]\()https?://[^\s<>"'`\]]++(?!</a|\])""", re.IGNORECASE)
_SENTENCE_ENDS: Final = ".,;:!?*_"


def rewritten(text: str, kind: Format, replace: Replace) -> str:
    """`text` with what `replace` makes of the addresses of its links, pictures and files."""
    if kind == "html":
        return "".join(_html(text, replace))
    text = substituted(_AUTOLINK, lambda match: _link(match[1], replace) or match[0], text)
    text = substituted(_BARE, lambda match: _bare(match[0], replace), text)
    return with_addresses(text, replace)


def _link(address: str, replace: Replace) -> str | None:
    """What stands for an address that is a link by itself: a relative one would be none. None: it stays."""
    new = replace(address)
    return None if new == address else f"[{address}]({new})"


def _bare(found: str, replace: Replace) -> str:
    address = found.rstrip(_SENTENCE_ENDS)
    if address.endswith(")") and "(" not in address:
        address = address[:-1].rstrip(_SENTENCE_ENDS)
    link = _link(address, replace)
    return found if link is None else link + found[len(address) :]


def _html(text: str, replace: Replace) -> Iterator[str]:
    """The pieces of HTML. Only start tags are changed, as a browser's tokenizer finds them."""
    done = 0
    for start, token in tags(text):
        tag = token.source or ""
        if token.type is turbohtml.TokenType.START_TAG and "=" in tag and (new := _tag(tag, replace)) != tag:
            yield text[done:start]
            yield new
            done = start + len(tag)
    yield text[done:]


def _tag(tag: str, replace: Replace) -> str:
    return _ATTRIBUTE.sub(lambda match: _attribute(match, replace), tag)


def _attribute(match: re.Match[str], replace: Replace) -> str:
    name = match["name"].lower()
    if name not in _ADDRESSES | _SETS:
        return match[0]
    quote = next(group for group in ("double", "single", "plain") if match[group] is not None)
    old = unescape(match[quote])
    if name in _SETS:
        candidates = list(srcset_candidates(old))
        changed = [(replace(url), size) for url, size in candidates]
        if changed == candidates:
            return match[0]
        new = ", ".join(f"{url} {size}".rstrip() for url, size in changed)
    elif (new := replace(old)) == old:
        return match[0]
    return f'{match["name"]}{match["equals"]}"{escape(new)}"'
