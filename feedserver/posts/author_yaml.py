"""YAML as authors mean it, read by PyYAML: text, lists and mappings. Imported when a document is read. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml

from feedserver.errors import InvalidDocument
from feedserver.posts.front_matter import folded_name, shown_name
from feedserver.text import one_line, shorten

_BLANKS: Final = "lines begin with blanks, not with a tab"
_QUOTES: Final = 'a value with marks such as : # @ \' in it stands in quotes, as “title: "Re: bees"”'
_EMPTY_LINE = re.compile(r"\s*$|#")
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def load(front: str) -> Any:
    """The value of YAML, without tabs and separators that PyYAML refuses. Raises InvalidDocument."""
    try:
        return yaml.load(front, _Loader)  # noqa: S506 - a restricted SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        problem = one_line(str(error.problem))
        advice = _BLANKS if r"'\t'" in problem else _QUOTES
        raise InvalidDocument("front matter", f"is not YAML: {line}{problem}; {advice}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidDocument("front matter", f"is not YAML: {shorten(one_line(str(error)), 200)}") from None


def lines_of_fields(front: str) -> Mapping[str, range]:
    """The lines of each field of YAML that `load` has read, counted from 0, by `folded_name`; none if they share some.

    Blank lines and comments below a field belong to none, unless they are indented.
    """
    root = yaml.compose(front, Loader=_Loader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return {}
    lines = front.split("\n")
    begun = [(name.value, name.start_mark.line) for name, _ in root.value if isinstance(name, yaml.ScalarNode)]
    ends = [line for _, line in begun[1:]] + [len(lines)]
    return {
        folded_name(name): range(first, _last(lines, first, end) + 1)
        for (name, first), end in zip(begun, ends, strict=True)
    }


def _last(lines: Sequence[str], first: int, end: int) -> int:
    """The last line before `end` that is neither blank nor a comment."""
    return next((n for n in range(end - 1, first, -1) if not _EMPTY_LINE.match(lines[n])), first)


class _Loader(yaml.SafeLoader):
    """YAML with text, lists and mappings only: `Null`, `Yes`, `1.0` and `2026-02-30` are text."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuses repeated fields. Does not merge mappings as PyYAML does: a few lines could become millions."""
        seen: set[str] = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if folded_name(name.value) in seen:
                    where = f"line {name.start_mark.line + 1}"
                    raise InvalidDocument(
                        "front matter", f"{where}: the field “{shown_name(name.value)}” is there twice"
                    )
                seen.add(folded_name(name.value))

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        """A text; two escapes that JSON writes for one character (RFC 8259 section 7) are that character."""
        return _SURROGATES.sub(_one_character, super().construct_scalar(node))

    def peek(self, index: int = 0) -> str:
        """The character at `index` from here; within brackets a tab is a blank, even where it indents.

        A question mark in them is text unless a blank follows (YAML 1.2 section 7.3.3), as in addresses: PyYAML reads
        each as that of YAML 1.1.
        """
        character: str = super().peek(index)
        if character == "\t" and self.flow_level:
            return " "
        is_text = character == "?" and self.flow_level and (index or not super().peek(1).isspace())
        return _MARK_OF_TEXT if is_text else character


_MARK_OF_TEXT: Final = "="  # which means nothing in YAML, not even after a backslash
_KINDS = ("null", "str", "seq", "map")
_Loader.yaml_implicit_resolvers = {"": [("tag:yaml.org,2002:null", re.compile("^$"))]}  # a blank, and nothing else
_Loader.yaml_constructors = {
    tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag is None or tag.endswith(_KINDS)
}


def _one_character(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
