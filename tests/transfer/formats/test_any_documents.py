"""Whatever the documents of a folder hold, readers give posts or one line, and each post can be written down."""

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC
from pathlib import Path
from types import ModuleType
from typing import BinaryIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedserver.errors import ImportDamaged
from feedserver.posts import document
from feedserver.posts.writing import compose
from feedserver.transfer.formats import hugo, jekyll, markdown, obsidian, pelican
from feedserver.transfer.items import ImportedPost, Item
from feedserver.transfer.options import Options
from feedserver.transfer.source import Source
from tests.support.exports import NOW
from tests.support.serving import LONG

EXAMPLES = 1000 if LONG else 25
NAMES = (
    *("a.md", "b c.md", "_posts/2024-02-30-a.md", "_posts/2024-2-3-ä.html", "_drafts/d.md", "about.html", "x.jpg"),
    *("content/posts/a.md", "content/posts/b/index.md", "content/posts/b/p.md", "content/posts/_index.md", "n/e.rst"),
    *("_config.yml", "hugo.toml", "config.json", "pelicanconf.py", ".obsidian/app.json", "content/pages/p.md"),
)
PIECES = (
    *(
        "---\n",
        "+++\n",
        "{",
        "}",
        '{"title": "a"}\n',
        "title: a\n",
        "title = 'a'\n",
        "Title: a\n",
        "date: 2024-13-01\n",
    ),
    *(
        "date: 2024-01-01\n",
        "tags: [a, *b]\n",
        "publish: true\n",
        "x: &a [*a]\n",
        "permalink: /:a/:title\n",
        "url: //\n",
    ),
    *(
        "aliases: [a, {b: c}]\n",
        "redirect_from: [[a]]\n",
        "layout: {}\n",
        "lang: xx_YY\n",
        "slug: '..'\n",
        "draft: []\n",
    ),
    *("{% raw %}", "{% endraw %}", "{% highlight a %}", "{% endhighlight %}", "{{ site.url }}", "{% post_url a %}"),
    *(
        '{{< ref "a" >}}',
        "{{< figure src=a >}}",
        "{{</* a */>}}",
        "{{% x",
        "[[a]]",
        "![[b c#x]]",
        "![[x.jpg|1]]\n",
        "%%",
    ),
    *(
        "==a==",
        "> [!tip]\n",
        "^b\n",
        "#t",
        "[a](a.md)",
        "![](x.jpg)",
        "[a]({filename}a.md)",
        "<img src='x.jpg'>",
        "`",
        "```\n",
    ),
    *(
        "=====\n",
        ":date: 2024\n",
        ".. image:: x\n",
        "<title>a</title>",
        "<meta name=date content=1>",
        "\n\n",
        "    ",
        "\t",
        "\x00",
    ),
    *(
        "\x85",
        "\u2028",
        "\ufdd0",
        "\ud800",
        "\U0001f41d",
        "\r",
        "<body>",
        "baseurl: [a]\n",
        "url: http://[\n",
        "permalinks: 1\n",
    ),
)
CONTENT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")),
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: f"---\n{text}\n---\n{text}".encode()),
)


class Documents(Source):
    """Files in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.path = Path("blog")
        self.is_folder = True
        self._files = files

    def names(self) -> Sequence[str]:
        return sorted(self._files)

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._files[name])

    def size(self, name: str) -> int:
        return len(self._files[name])

    def on_disk(self, name: str) -> AbstractContextManager[Path]:
        raise AssertionError("readers of documents open them, and leave pictures to the import")


def read(reader: ModuleType, files: dict[str, bytes], *, forgiving: bool, url: str | None) -> Iterator[Item]:
    options = Options(zone=ZoneInfo("Europe/Helsinki"), now=NOW, forgiving=forgiving, url=url)
    return iter(list(reader.read(Documents(files), options)))


@pytest.mark.parametrize("reader", [markdown, jekyll, hugo, obsidian, pelican], ids=lambda reader: reader.KIND)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=st.dictionaries(st.sampled_from(NAMES), CONTENT, max_size=6),
    url=st.sampled_from([None, "https://o.example/b"]),
)
def test_any_documents_become_posts_or_a_line(reader: ModuleType, files: dict[str, bytes], url: str | None) -> None:
    reader.recognises(Documents(files))
    items = list(read(reader, files, forgiving=True, url=url))
    try:
        strict = list(read(reader, files, forgiving=False, url=url))
    except ImportDamaged as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert strict == items

    assert items == list(read(reader, files, forgiving=True, url=url))
    for post in items:
        if isinstance(post, ImportedPost):
            written = compose(
                post.text,
                title=post.title or "a",
                slug=post.slug or "a",
                date=post.published_at,
                updated=post.updated_at,
                tags=post.tags,
                authors=post.authors,
                summary=post.summary,
                lang=post.lang,
                enclosures=post.enclosures,
                format=post.format,
                page=post.page,
                menu=post.menu,
                imported=post.fields,
            )
            assert document.read(written.encode(), UTC).tags == post.tags
            assert "\ufdd0" not in post.text
