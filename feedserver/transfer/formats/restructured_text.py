"""reStructuredText as HTML, with the fields at its beginning, by docutils, which need not be there.

Nothing is read but the text: no files that it includes, no pictures, no settings of the machine.
"""

from typing import TYPE_CHECKING, Final

from feedserver.transfer.formats.front_matters import Damaged, Front

if TYPE_CHECKING:
    from docutils import nodes

_SETTINGS: Final = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": True,  # HTML is its author's right
    "report_level": 5,  # nothing of what it finds stands in the text, or on standard error
    "halt_level": 5,
    "initial_header_level": 2,
    "embed_stylesheet": False,
    "syntax_highlight": "none",  # ours is done when a post is rendered
    "math_output": "MathML",
}
_MOST: Final = 262_144  # characters
_ERRORS: Final = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RuntimeError, OSError)


def is_readable() -> bool:
    """Whether docutils is installed."""
    try:
        import docutils.core  # noqa: F401 - late: few exports need it
    except ImportError:
        return False
    return True


def read(text: str) -> Front:
    """The fields of a text, its title among them, and its body as HTML. Raises Damaged."""
    from docutils import ApplicationError, nodes
    from docutils.core import publish_doctree, publish_from_doctree
    from docutils.writers.html5_polyglot import Writer

    if len(text) > _MOST:
        raise Damaged(f"has over {_MOST:,} characters of reStructuredText")
    fields: dict[str, str] = {}
    writer = Writer()
    try:
        document = publish_doctree(text, settings_overrides=_SETTINGS)
        for docinfo in list(document.findall(nodes.docinfo)):
            fields |= dict(_field(one) for one in docinfo.children if isinstance(one, nodes.Element))
            docinfo.parent.remove(docinfo)
        for picture in document.findall(nodes.image):
            picture.attributes.setdefault("alt", "")  # else it would be the address
        title = next((one.astext() for one in document.children if isinstance(one, nodes.title)), "")
        publish_from_doctree(document, writer=writer, settings_overrides=_SETTINGS)
    except (ApplicationError, *_ERRORS) as error:
        raise Damaged(f"is no reStructuredText that can be read ({type(error).__name__})") from None
    fields = {"title": title, **fields} if title else fields
    return Front(fields, {name: name for name in fields}, str(writer.parts["body"]), is_there=bool(fields))


def _field(element: "nodes.Element") -> tuple[str, str]:
    """The name and the text of a field of docutils."""
    from docutils import nodes

    if isinstance(element, nodes.field):
        return element.children[0].astext().lower(), element.children[1].astext()
    if isinstance(element, nodes.authors):
        return "authors", "; ".join(one.astext() for one in element.children)
    return element.tagname, element.astext()
