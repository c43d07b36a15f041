"""The templates as they are: rendered with plain Jinja2, read back with the product's own HTML parser.

Whether a page is beautiful is for eyes; here is what a program can see: nothing undefined, well-formed markup, one
pingback element, headings in order, labels on inputs, and colours that can be read.
"""

import itertools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urldefrag

import pytest
import turbohtml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import feedserver.pages
from feedserver.clock import rfc3339
from feedserver.posts.model import Enclosure, Post, PostLink
from feedserver.settings import SiteSettings
from feedserver.thoughts.model import STATES, Thought
from feedserver.urls import Urls

PAGES = Path(feedserver.pages.__file__).parent
URLS = Urls("https://blog.example")
SITE = SiteSettings(url=URLS.base, title="Harbour & <Ledger>", author="Ada", language="en")
THEN = datetime(2023, 3, 8, 14, 5, tzinfo=UTC)
PERMALINK = URLS.post("fog")
PINGBACK = '<link rel="pingback" href="https://blog.example/pingback">'
CLIENT_PATTERN = re.compile('<link rel="pingback" href="([^"]+)" ?/?>')  # Pingback 1.0, section 2.2
QUOTED = '<link rel="pingback" href="https://evil.example/">'
VOID = frozenset("br hr img input link meta".split())


def render(template: str, **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(PAGES / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {"site": SITE, "urls": URLS, "stylesheet": URLS.at("/static/style.css")}
    environment.globals["feeds"] = [("Feed", "application/atom+xml", URLS.site_feed("atom"))]
    environment.filters |= {
        "day": lambda moment: f"{moment:%B} {moment.day}, {moment.year}",
        "moment": lambda moment: f"{moment:%B} {moment.day}, {moment.year}, {moment:%H:%M} UTC",
        "rfc3339": rfc3339,
        "paragraphs": Markup("<p>{}</p>").format,
    }
    return environment.get_template(template).render({"canonical": None} | values)


def post(**changes: Any) -> Post:
    values = dict.fromkeys(Post.__dataclass_fields__, "") | {
        "id": 1,
        "slug": "fog",
        "title": "Feeds in the Fog",
        "html": "<p>Fog.</p>",
        "excerpt": "Fog.",
        "summary": None,
        "image": None,
        "lang": "en",
        "state": "published",
        "published_at": THEN,
        "updated_at": THEN,
        "pings_open": True,
        "comments_open": True,
        "tags": (),
        "authors": (),
        "enclosures": (),
    }
    return Post(**values | changes)


def thought(number: int, kind: str, **changes: Any) -> Thought:
    values: dict[str, Any] = dict.fromkeys(Thought.__dataclass_fields__, "") | {
        "id": number,
        "kind": kind,
        "author_name": f"Writer {number}",
        "excerpt": f"[…] words {QUOTED} […]",
        "received_at": THEN + timedelta(days=number),
    }
    return Thought(**values | changes)


def form(**errors: str) -> SimpleNamespace:
    values = {"comment": f"\nfirst line </textarea>{QUOTED}", "name": QUOTED, "email": "ada@", "website": ""}
    hidden = [("token", QUOTED)]
    return SimpleNamespace(action=URLS.comments("fog"), values=values, errors=errors, hidden=hidden, trap="nickname")


def post_page(**values: Any) -> str:
    plain = {"post": post(), "authors": (), "thoughts": (), "related": (), "form": None, "notice": None}
    return render("post.html", **plain | {"pingback": URLS.pingback(), "canonical": PERMALINK} | values)


def rich_post_page() -> str:
    rich = post(
        title=f"A title with {QUOTED} & more",
        html=f"<p>Fog.</p><!-- {QUOTED} --><p title='{QUOTED}'>More.</p>",
        summary=f"In short: {QUOTED}",
        image="https://blog.example/fog.png",
        lang="ar",
        updated_at=THEN + timedelta(days=2),
        tags=("sea & fog", "a/b"),
        enclosures=tuple(
            Enclosure(f"https://blog.example/media/{name}?a=1&b=2", media_type, length)
            for name, media_type, length in (
                ("a.mp3", "audio/mpeg", 4000),
                ("b.mp4", "video/mp4", 0),
                ("c.png", "image/png", 12),
                ("d.pdf", "application/pdf", 12),
            )
        ),
    )
    thoughts = (
        thought(1, "pingback", source="https://other.example/a?b=1&c=2", title=f"Its page {QUOTED}"),
        thought(2, "pingback", source="https://other.example/2", author_name="", host="other.example", excerpt=""),
        thought(3, "comment", author_url="https://grace.example/"),
        thought(4, "comment", author_name=""),
    )
    return post_page(
        post=rich,
        authors=("Ada", "Ben", "Cho"),
        thoughts=thoughts,
        related=(PostLink("tides", "Tides", THEN),),
        form=form(form="Please send it again.", comment="Please write something.", email="Not an address."),
        notice="Thank you. Your comment waits for approval.",
    )


def list_page(**values: Any) -> str:
    plain = {"heading": None, "posts": (), "authors_of": lambda of: of.authors, "page": 1, "pages": 1}
    return render("list.html", **plain | {"page_url": URLS.home, "counts": {}} | values)


def receipt_page(state: str, **changes: Any) -> str:
    unknown = dict.fromkeys(["reason", "post", "received_at", "checked_at", "next_check_at"])
    receipt = unknown | {"state": state, "source": "https://evil.example/", "target": PERMALINK, "timeline": []}
    return render("receipt.html", receipt=receipt | changes)


POSTS = (
    post(authors=("Ada",), tags=("sea",), summary="In short."),
    post(id=2, slug="note", title="", lang="ar"),
    post(id=3, slug="empty", title="", excerpt=""),
)
FIRST_PAGE = list_page(posts=POSTS, pages=2, counts={1: 1, 2: 5}, canonical=URLS.home())
SECOND_PAGE = list_page(posts=POSTS, page=2, pages=2, heading="Posts tagged “<sea>”")
FULL_RECEIPT = receipt_page(
    "rejected",
    reason="no link",
    post=PERMALINK,
    received_at=THEN,
    checked_at=THEN,
    next_check_at=THEN,
    timeline=[{"at": THEN, "event": "received", "detail": "x"}, {"at": THEN, "event": "decided", "detail": ""}],
)
ALL_PAGES = {
    "rich post": rich_post_page(),
    "bare post": post_page(post=post(html="", excerpt="")),
    "untitled post": post_page(post=post(title="", excerpt="word " * 50), form=form()),
    "home": FIRST_PAGE,
    "second page of a tag": SECOND_PAGE,
    "empty home": list_page(),
    "full receipt": FULL_RECEIPT,
    "bare receipt": receipt_page("received"),
    "error": render("error.html", heading="This post is gone", message="Its author took it down."),
}
every_page = pytest.mark.parametrize("page", ALL_PAGES.values(), ids=list(ALL_PAGES))


def elements(page: str, selector: str) -> list[turbohtml.Element]:
    return list(turbohtml.parse(page).select(selector))


def texts(page: str, selector: str) -> list[str]:
    return [" ".join(element.text.split()) for element in elements(page, selector)]


# --- every page -----------------------------------------------------------------------------------------------


@every_page
def test_markup_is_well_formed(page: str) -> None:
    stack: list[str] = []
    for token in turbohtml.tokenize(page):
        if token.type is turbohtml.TokenType.START_TAG and token.tag not in VOID:
            stack.append(token.tag or "")
        elif token.type is turbohtml.TokenType.END_TAG:
            assert stack.pop() == token.tag

    assert page.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n')
    assert stack == []
    assert turbohtml.parse(page).errors == []


@every_page
def test_ids_are_unique_and_every_reference_within_the_page_has_its_id(page: str) -> None:
    ids = [element.attrs["id"] for element in elements(page, "[id]")]
    named = [
        e.attrs[name] for name in ("for", "aria-labelledby", "aria-describedby") for e in elements(page, f"[{name}]")
    ]
    links = [urldefrag(str(e.attrs["href"])) for e in elements(page, "a[href*='#']")]
    here = [fragment for url, fragment in links if url in ("", PERMALINK) and elements(page, "form, #thoughts-section")]

    assert len(ids) == len(set(ids))
    assert {*named, *here} <= set(ids)


@every_page
def test_there_is_one_h1_and_no_heading_level_is_skipped(page: str) -> None:
    levels = [int(element.tag[1]) for element in elements(page, "h1, h2, h3, h4, h5, h6")]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@every_page
def test_landmarks_are_there_once_and_navigations_are_told_apart_by_their_names(page: str) -> None:
    names = [e.attrs.get("aria-label") or e.attrs.get("aria-labelledby") for e in elements(page, "nav")]

    assert [len(elements(page, selector)) for selector in ("body > header", "main", "body > footer")] == [1, 1, 1]
    assert None not in names
    assert len(names) == len(set(names))
    assert elements(page, "body > a")[0].attrs["href"] == "#content"


@every_page
def test_nothing_would_need_a_weaker_content_security_policy(page: str) -> None:
    attributes = {name for element in elements(page, "*") for name in element.attrs}

    assert elements(page, "script, style, iframe, object, base") == []
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


@every_page
def test_only_the_one_pingback_element_matches_the_clients_pattern(page: str) -> None:
    offered = ["https://blog.example/pingback"] if "h-entry" in page and "h-feed" not in page else []

    assert CLIENT_PATTERN.findall(page) == offered


# --- a post ---------------------------------------------------------------------------------------------------


def test_a_post_that_takes_no_pings_has_no_pingback_element_at_all() -> None:
    page = post_page(pingback=None, post=post(html=f"<p>{QUOTED}</p>", pings_open=False))

    assert CLIENT_PATTERN.findall(page) == []


def test_the_pingback_element_has_the_promised_bytes_and_comes_before_any_words() -> None:
    page = rich_post_page()

    assert page.count(PINGBACK) == 1
    assert page.index(PINGBACK) < page.index("<title>")


@pytest.mark.parametrize(
    ("number", "heading"),
    [
        (0, "No thoughts on “Feeds in the Fog” yet"),
        (1, "1 Thought to “Feeds in the Fog”"),
        (2, "2 Thoughts to “Feeds in the Fog”"),
    ],
    ids=["none", "one", "two"],
)
def test_the_heading_counts_the_thoughts_and_their_list_is_there_when_there_are_some(number: int, heading: str) -> None:
    page = post_page(thoughts=tuple(thought(n, "comment") for n in range(number)))

    assert texts(page, "#thoughts-heading") == [heading]
    assert len(elements(page, "ol")) == min(number, 1)
    assert [li.attrs["id"] for li in elements(page, "ol#thoughts > li")] == [f"thought-{n}" for n in range(number)]


def test_links_to_strangers_carry_nofollow_and_ugc() -> None:
    links = [
        e for e in elements(rich_post_page(), "#thoughts a[href]") if not str(e.attrs["href"]).startswith(PERMALINK)
    ]

    assert [e.attrs["href"] for e in links] == [
        "https://other.example/a?b=1&c=2",
        "https://other.example/2",
        "https://grace.example/",
    ]
    assert [e.attrs["rel"] for e in links] == [["nofollow", "ugc"]] * 3


def test_a_thought_without_a_name_is_named_by_its_host_or_as_somebody() -> None:
    assert texts(rich_post_page(), ".p-author.h-card")[-4:] == ["Writer 1", "other.example", "Writer 3", "Somebody"]


@pytest.mark.parametrize(
    ("pings", "comments", "words"),
    [
        (True, True, "can send a pingback and appears here. Or leave a comment below."),
        (True, False, "can send a pingback and appears here."),
        (False, True, "Be the first: leave a comment below."),
        (False, False, "This post takes no pingbacks and no comments."),
    ],
    ids=["both", "pings", "comments", "closed"],
)
def test_the_invitation_asks_for_what_is_open(pings: bool, comments: bool, words: str) -> None:
    page = post_page(post=post(pings_open=pings, comments_open=comments), form=form() if comments else None)

    assert texts(page, ".invitation")[0].endswith(words)
    assert len(elements(page, "form")) == comments


def test_related_posts_are_left_out_where_there_are_none() -> None:
    assert texts(rich_post_page(), "nav.related a") == ["Tides"]
    assert "Related posts" not in post_page()


def test_the_language_of_a_post_is_said_where_it_is_not_the_sites() -> None:
    assert [e.attrs.get("lang") for e in elements(rich_post_page(), "article, #thoughts-section")] == ["ar", "en"]
    assert elements(post_page(), "main [lang]") == []


def test_an_attached_image_that_the_text_shows_already_is_not_shown_again() -> None:
    picture = Enclosure("https://blog.example/a.png?b=1&c=2", "image/png", 5)
    shown = '<p><img src="https://blog.example/a.png?b=1&amp;c=2"></p>'

    assert len(elements(post_page(post=post(enclosures=(picture,))), "figure img")) == 1
    assert elements(post_page(post=post(enclosures=(picture,), feed_html=shown)), "figure img") == []


# --- the form -------------------------------------------------------------------------------------------------


def test_every_visible_field_has_a_label_and_a_limit() -> None:
    page = post_page(form=form())
    fields = elements(page, "textarea, input:not([type=hidden])")
    limits = {f.attrs["name"]: f.attrs.get("maxlength") for f in fields}

    assert limits == {"comment": "10000", "name": "100", "email": "254", "website": "2048", "nickname": None}
    assert [label.attrs["for"] for label in elements(page, "form label")] == [f.attrs["id"] for f in fields]
    assert [f.attrs["name"] for f in fields if "required" in f.attrs] == ["comment", "name"]


def test_an_error_is_tied_to_its_field_and_linked_from_the_summary() -> None:
    page = rich_post_page()
    wrong = {e.attrs["id"]: e.attrs["aria-describedby"] for e in elements(page, "[aria-invalid=true]")}

    assert wrong == {"field-comment": "error-comment", "field-email": "error-email"}
    assert texts(page, "#error-email") == ["Error: Not an address."]
    assert [e.attrs["href"] for e in elements(page, "[role=alert] a")] == ["#field-comment", "#field-email"]
    assert texts(page, "[role=alert] li")[0] == "Please send it again."
    assert elements(page, "title")[0].text.startswith("Error: ")


def test_a_form_without_errors_speaks_of_none() -> None:
    assert elements(post_page(form=form()), "[role=alert], [aria-invalid], .error") == []


def test_what_was_written_comes_back_unchanged() -> None:
    page = rich_post_page()

    assert elements(page, "textarea")[0].text == form().values["comment"]
    assert elements(page, "#field-name")[0].attrs["value"] == QUOTED


# --- lists, receipts, errors ----------------------------------------------------------------------------------


def test_a_list_links_to_the_thoughts_of_posts_that_have_some() -> None:
    links = [(e.attrs["href"], e.text.split(" to ")[0]) for e in elements(FIRST_PAGE, ".count a")]

    assert links == [(f"{PERMALINK}#thoughts", "1 Thought"), (f"{URLS.post('note')}#thoughts", "5 Thoughts")]


def test_pages_of_a_list_lead_to_newer_and_older_ones() -> None:
    assert [e.attrs["href"] for e in elements(FIRST_PAGE, "nav.pages a")] == [URLS.home(2)]
    assert [e.attrs["href"] for e in elements(SECOND_PAGE, "nav.pages a")] == [URLS.home(1)]
    assert elements(list_page(posts=POSTS), "nav.pages") == []


def test_home_has_the_sites_title_as_its_heading_and_invites_when_it_is_empty() -> None:
    page = list_page()

    assert texts(page, "h1.unseen") == [SITE.title]
    assert texts(page, ".empty")[0].startswith("Nothing has been published here yet.")


@pytest.mark.parametrize("state", STATES)
def test_a_receipt_has_plain_words_for_every_state(state: str) -> None:
    assert texts(receipt_page(state), ".notice")[0].startswith(("This ping ", "The link is gone"))


def test_a_receipt_links_to_the_post_alone_and_asks_not_to_be_indexed() -> None:
    assert [e.attrs["href"] for e in elements(FULL_RECEIPT, "main a")] == [PERMALINK]
    assert elements(FULL_RECEIPT, "meta[name=robots]")[0].attrs["content"] == "noindex"
    assert len(elements(FULL_RECEIPT, "ol.timeline > li")) == 2


# --- the stylesheet -------------------------------------------------------------------------------------------

STYLE = (PAGES / "static" / "style.css").read_text("utf-8")


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, definitions)."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "least"), [("ink", 7), ("muted", 4.5), ("accent", 4.5), ("edge", 3)], ids=lambda value: str(value)
)
def test_colours_stand_out_from_what_is_behind_them(scheme: int, front: str, least: float) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6});", re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[scheme]))

    for back in ("paper", "shade"):
        lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= least, back


def test_the_stylesheet_is_small_and_fetches_nothing() -> None:
    assert len(STYLE.encode()) < 8192
    assert not re.search(r"url\(|@import|@font-face", STYLE)
