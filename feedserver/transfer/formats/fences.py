"""Code of other systems' markup as a fence, or as an element of HTML. Pure."""

import re
from html import escape
from typing import Final

from feedserver.posts.model import Format

_RUN: Final = re.compile("`{3,}")
_LANGUAGE: Final = re.compile(r"[\w+#.-]+")


def fence(text: str, start: int, language: str, content: str, kind: Format) -> str:
    """What shows `content` as code, where it is to stand at `start` of `text`. Its lines cannot end it."""
    named = _LANGUAGE.match(language.strip())
    if kind == "html":
        name = f' class="language-{escape(named[0])}"' if named else ""
        return f"<pre><code{name}>{escape(content.strip(chr(10)))}</code></pre>"
    mark = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(content)), default=0))
    before = text[max(0, start - 200) : start].rpartition("\n")[2]
    lines = content if content.startswith("\n") else f"\n{content}"
    ends = not lines.rpartition("\n")[2].strip(" \t>") and lines.count("\n") > 1
    break_before = "\n" if before.strip(" \t>") else ""
    return f"{break_before}{mark}{named[0] if named else ''}{lines}{'' if ends else chr(10)}{mark}"
