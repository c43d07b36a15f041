"""Task lists: `- [ ] to do`, `- [x] done`. Checkboxes of which readers see the state, and cannot change it. Pure."""

import re

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\](?=\s)")


def mark(state: StateCore) -> None:
    """The rule that puts a checkbox before items that begin with brackets; their words are its label."""
    for item, paragraph, text in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if (item.type, paragraph.type, text.type) != ("list_item_open", "paragraph_open", "inline"):
            continue
        first = text.children[0] if text.children else None
        if first is not None and first.type == "text" and (box := _TASK.match(first.content)):
            item.attrSet("class", "task")
            first.content = first.content[box.end() :]
            checked = "" if box[1] == " " else " checked"
            text.children = [
                _html(f'<label><input type="checkbox" disabled{checked}>'),
                *(text.children or []),
                _html("</label>"),
            ]


def _html(content: str) -> Token:
    return Token("html_inline", "", 0, content=content)
