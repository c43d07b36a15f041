"""The addresses in an imported text, exchanged for ours. All other bytes, and all code, stay as they are. Pure."""

import re
from collections.abc import Iterator
from typing import Final

import turbohtml

from feedserver.posts.model import Format
from feedserver.transfer.formats.html_pieces import Replace, readdressed, tags
from feedserver.transfer.formats.markdown_source import substituted, with_addresses

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
        if token.type is turbohtml.TokenType.START_TAG and "=" in tag and (new := readdressed(tag, replace)) != tag:
            yield text[done:start]
            yield new
            done = start + len(tag)
    yield text[done:]
