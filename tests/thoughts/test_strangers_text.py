"""What a stranger's text may do to the text around it, wherever it stands: nothing."""

import re

import pytest

from feedserver.thoughts.model import MAX_NAME
from feedserver.urls import normalize_source
from tests.support.clusters import CLUSTERS
from tests.thoughts.site import SOURCE, Site, SiteWith, linking

CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # UAX #9, Bidi_Control
ZALGO = "q" + "\u0323" * 500


@pytest.mark.parametrize("moderation", ["show", "hold"])
def test_no_bidi_control_of_a_source_is_shown_anywhere(site_with: SiteWith, moderation: str) -> None:
    site = site_with(moderation_pingbacks=moderation)
    target = site.url(site.publish("A post"))
    page = linking(target, before="words \u202e\u2067before ", text="the \u200flink", title="Nice blog\u202e")
    spoofed = f"{SOURCE}?\u202egpj.exe"
    site.web.put(normalize_source(spoofed), f"<meta property=og:title content='Title\u202d'>{page}")

    receipt = site.ping(spoofed, target).receipt

    thought = site.only_thought()
    assert (thought.author_name, thought.title) == ("Nice blog", "Title")
    assert thought.excerpt == "[…] words before the link and liked it. […]"
    feeds = [f"{start}/thoughts.{fmt}" for start in ("", "/posts/a-post") for fmt in ("rss", "atom", "json")]
    moderation_feed = site.services.urls.moderation_feed(site.services.moderation_key).removeprefix(
        "http://blog.example"
    )
    for path in ("/posts/a-post", receipt, moderation_feed, *feeds):
        shown = re.sub(r'(?:href|cite)="[^"]*"', "", site.client.get(path).text)
        assert not CONTROLS.search(shown), path


def test_names_and_titles_are_cut_and_keep_thirty_marks_in_a_row(site: Site, target: str) -> None:
    site.web.put(SOURCE, linking(target, before=f"{ZALGO} and more ", text=ZALGO, title=f"{ZALGO} {'x' * 600}"))

    site.ping(SOURCE, target)

    thought = site.only_thought()
    kept = ZALGO[:31]
    assert thought.author_name == f"{kept} {'x' * (MAX_NAME - len(kept) - 2)}…"
    assert thought.excerpt == f"[…] {kept} and more {kept} and liked it. […]"


@pytest.mark.parametrize("cluster", [CLUSTERS["flag"], CLUSTERS["family"]], ids=["flag", "family"])
def test_a_name_is_cut_between_grapheme_clusters(site: Site, target: str, cluster: str) -> None:
    site.web.put(SOURCE, linking(target, title=cluster * 1000))

    site.ping(SOURCE, target)

    assert site.only_thought().author_name == cluster * ((MAX_NAME - 1) // len(cluster)) + "…"


def test_xhtml_by_its_type_is_read_as_such(site: Site, target: str) -> None:
    page = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>X</title><script src='a.js'/></head>{}</html>"
    words = f"<p>words before <a href='{target}'>link</a> words after</p>"
    site.web.put(SOURCE, page.format(words), "application/xhtml+xml")
    assert site.ping(SOURCE, target).outcome == "registered"
    assert site.only_thought().excerpt == "[…] words before link words after […]"

    site.web.put("http://html.example/", page.format(words), "text/html")
    assert site.ping("http://html.example/", target).outcome == 17


def test_an_honest_page_whose_styles_look_like_hiding_is_shown(site: Site, target: str) -> None:
    style = "position:absolute;left:50%;width:960px;margin-left:-480px"
    site.web.put(SOURCE, f"<div style='{style}'>{linking(target)}</div>")

    site.ping(SOURCE, target)

    assert site.states() == ["shown"]
