import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedserver.transfer.formats.wordpress_paragraphs import paragraphs

_WORDS = st.lists(
    st.sampled_from(["a", "b", "<b>", "</b>", "<div>", "</div>", "<p>", "</p>", "\n", "\n\n", "<br>", "é"])
)


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("a\n\nb\nc", "<p>a</p><p>b<br>c</p>"),
        ("a\n \n\nb", "<p>a</p><p>b</p>"),
        ("<p>a</p>\n\nb", "<p>a</p><p>b</p>"),
        ("a<br />\nb", "<p>a<br />b</p>"),
        ("<h2>H</h2>\ntext", "<h2>H</h2><p>text</p>"),
        ("<h2>a\nb</h2>", "<h2>a<br>b</h2>"),
        ("<blockquote>q\n\nr</blockquote>", "<blockquote><p>q</p><p>r</p></blockquote>"),
        ("<div>a</div>", "<div>a</div>"),
        ("<div>a\n\nb</div>", "<div><p>a</p><p>b</p></div>"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>\nx", "<ul><li>a</li><li>b</li></ul><p>x</p>"),
        ("<table>\n<tr>\n<td>x</td>\n</tr>\n</table>", "<table><tr><td>x</td></tr></table>"),
        ("x\n<hr />\ny", "<p>x</p><hr /><p>y</p>"),
        ('<a href="x"><img src="y"></a>\n\nt', '<p><a href="x"><img src="y"></a></p><p>t</p>'),
        ("<figure><img></figure>\n\nt", "<figure><img></figure><p>t</p>"),
        ("<p>a\n\nb</p>", "<p>a</p><p>b</p>"),
        ("<!-- c -->\n\na", "<!-- c --><p>a</p>"),
        ("1 < 2 & 3", "<p>1 < 2 & 3</p>"),
        ("", ""),
        (" \n\n ", ""),
    ],
)
def test_paragraphs_are_those_of_the_old_editor(typed: str, html: str) -> None:
    assert paragraphs(typed).replace("\n", "").strip() == html


@pytest.mark.parametrize("tag", ["pre", "script", "style", "textarea"])
def test_what_means_itself_stays_as_it_is(tag: str) -> None:
    assert f"<{tag}>a\n\nb <i>\n</{tag}>" in paragraphs(f"x\n<{tag}>a\n\nb <i>\n</{tag}>\ny")


@given(_WORDS)
def test_nothing_is_lost_and_nothing_but_paragraphs_and_breaks_is_added(words: list[str]) -> None:
    def said(html: str) -> str:
        return re.sub(r"</?p>|<br>|\s", "", html)

    assert said(paragraphs("".join(words))) == said("".join(words))
