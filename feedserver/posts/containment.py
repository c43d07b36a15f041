"""Keeps an author's HTML within its place on the page.

A forgotten `-->` or a `</div>` too many would take in, or break, what follows: the thoughts, the form, the microformats
that receivers read.
"""

import turbohtml


def contained(html: str) -> str | None:
    """`html` if it ends all that it begins and nothing else, as parsers see it; else repaired, as they repair it.

    None where that is not possible: nothing ends a `<plaintext>`.
    """
    if _is_contained(html):
        return html
    repaired = turbohtml.parse_fragment(html, positions=False).inner_html
    return repaired if _is_contained(repaired) else None


def _is_contained(html: str) -> bool:
    """Whether what stands around `html` is parsed as if it were not there (HTML section 13.2.6)."""
    around = f"<article><div>{html}</div><span></span></article><form></form>"
    page = turbohtml.parse_fragment(around, positions=False)
    article = page.select_one("article")
    return _tags(page) == ["article", "form"] and article is not None and _tags(article) == ["div", "span"]


def _tags(element: turbohtml.Element) -> list[str | None]:
    return [child.tag if isinstance(child, turbohtml.Element) else None for child in element.children]
