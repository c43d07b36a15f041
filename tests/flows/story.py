"""The story of the product, told to a running site: an author publishes, two posts of another blog link and ping."""

import json
from pathlib import Path

import feedparser

from tests.support.pinging import HEADERS, ping_body, read_answer
from tests.support.serving import Blog, Site, request
from tests.support.waiting import wait_until

ARTICLE = Path(__file__).parents[1] / "data" / "harbour.md"
TITLE = "Harbour Town Votes as the Ferry Dispute Drags On"

FIRST = """<!doctype html><html><head><title>The Far Shore</title></head><body>
<nav><a href="/">Home</a></nav>
<p>Feelings <a href="{target}">between the two shores of the bay</a> run high again. Last week the harbour master
said that the old boat would not see another winter.</p></body></html>"""
SECOND = """<!doctype html><html><head><title class="page">Tide &amp; Timber</title></head><body>
<p>Councillor Ruth Ames <a href="{target}/?utm_source=blog#content">announced</a> a fund for a second boat while she met
the fishermen of the far shore, who have waited for such a word since the autumn before last.</p></body></html>"""


def tell(site: Site, blog: Blog) -> None:
    """Carries the story out and checks each step."""
    permalink = site.command("post", "add", str(ARTICLE)).stdout.splitlines()[-1]
    for path, page in (("/first", FIRST), ("/second", SECOND)):
        source = blog.put(path, page.format(target=permalink))
        status, _, answer = request(site.url + "/pingback", body=ping_body(source, permalink), headers=HEADERS)
        assert status == 200
        assert str(read_answer(answer)).startswith(f"Pingback from {source} to {permalink} ")
    wait_until(lambda: "2 Thoughts to “" in _page(site), 10, lambda: site.log())

    _check_the_page(_page(site))
    _check_the_feeds(site)


def _check_the_page(page: str) -> None:
    assert f"2 Thoughts to “{TITLE}”" in page
    assert "[…] Feelings between the two shores of the bay run high again." in page
    assert "Councillor Ruth Ames announced a fund for a second boat" in page
    assert page.count("[…]") == 4
    assert ">The Far Shore<" in page
    assert ">Tide &amp; Timber<" in page
    assert page.count('<h2 id="thoughts-heading"') == 1
    assert page.index("The Old Boat May Go") < page.index("A Bridge Is No Answer") < page.index("2 Thoughts to")
    assert "Leave a Comment" in page


def _check_the_feeds(site: Site) -> None:
    for path, titles in (
        ("/feed", [TITLE, "Hello from feedserver"]),
        ("/tags/Harbour/feed", [TITLE]),
        ("/authors/Mara%20Quill/feed", [TITLE]),
    ):
        for fmt in ("rss", "atom"):
            entries = _parsed(site, f"{path}.{fmt}")
            assert sorted(entry.title for entry in entries) == sorted(titles)
        assert sorted(_items(site, f"{path}.json")) == sorted(titles)
    slug = "harbour-town-votes-as-the-ferry-dispute-drags-on"
    who = ["The Far Shore", "Tide & Timber"]
    for path in ("/thoughts", f"/posts/{slug}/thoughts"):
        for fmt in ("rss", "atom"):
            assert sorted(entry.author for entry in _parsed(site, f"{path}.{fmt}")) == who
        assert sorted(title.split(" on “")[0] for title in _items(site, f"{path}.json")) == who


def _page(site: Site) -> str:
    return site.get("/posts/harbour-town-votes-as-the-ferry-dispute-drags-on")[2].decode()


def _parsed(site: Site, path: str) -> list[feedparser.FeedParserDict]:
    """The entries that feedparser finds, without a warning."""
    status, headers, body = site.get(path)
    assert status == 200, path
    parsed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
    assert not parsed.bozo, (path, parsed.get("bozo_exception"))
    return parsed.entries  # type: ignore[no-any-return]


def _items(site: Site, path: str) -> list[str]:
    return [item["title"] for item in json.loads(site.get(path)[2])["items"]]
