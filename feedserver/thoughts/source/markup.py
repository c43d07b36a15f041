"""Makes one kind of text of all pages, which everything else reads: clean HTML. Pure."""

from feedserver.text import clean
from feedserver.thoughts.source import xhtml
from feedserver.thoughts.source.namespaces import without_other_names


def as_clean_html(text: str, content_type: str) -> str:
    """Returns the text of a page as HTML; XHTML as the HTML that means the same. Takes linear time."""
    text = clean(text)
    if xhtml.is_xhtml(content_type):
        return xhtml.as_html(without_other_names(text))
    # One that is only declared as XHTML is sent as HTML, where names mean what they mean in HTML.
    return xhtml.as_html(text) if xhtml.is_declared(text) else text
