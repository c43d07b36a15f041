"""Pages in a real browser: a person writes a comment, tells of a page elsewhere, and reads a post with two thoughts."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.story import TITLE, tell
from tests.support.serving import Blog, Site, running_site
from tests.thoughts.forms import TYPING_SECONDS

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running site after the story: it has a long post with two thoughts."""
    blog = Blog()
    with running_site(tmp_path_factory.mktemp("site")) as site:
        tell(site, blog)
        site.command("post", "add", "-", given=WIDE)
        yield site
    blog.close()


WIDE = f"""\
---
title: {"Donaudampfschifffahrtsgesellschaft" * 3}
slug: wide
tags: [{"tag" * 60}]
---
<iframe width="560" height="315"></iframe> <img width="2000" height="20" alt=""> `{"code" * 60}` {"word" * 60}

| {" | ".join(["a long head"] * 12)} |
|{"---|" * 12}
| {" | ".join(["cell"] * 12)} |

    {"preformatted " * 30}
"""


# The y of the line that the text of an element stands on.
BASELINE = """element => {
    const mark = element.appendChild(document.createElement("img"));
    const y = mark.getBoundingClientRect().bottom;
    mark.remove();
    return y;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A browser window, and the warnings and errors in it."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._record(message.type, message.text))
        self.page.on("pageerror", lambda error: self._record("error", str(error)))
        self.page.on("requestfailed", lambda request: self._record("error", request.url))
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _record(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def scrolls_sideways(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def style(self, selector: str, name: str) -> str:
        return str(self.page.locator(selector).evaluate(f"element => getComputedStyle(element).{name}"))


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens windows: `visit(width=320, color_scheme="dark")`; no page needs JavaScript, so it is off."""
    contexts: list[Any] = []

    def open_window(width: int = 1280, **options: Any) -> Visit:
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, java_script_enabled=False, **options))
        contexts[-1].set_default_timeout(10_000)
        return Visit(contexts[-1])

    yield open_window
    for context in contexts:
        context.close()


def post_of_the_story(site: Site) -> str:
    posts = json.loads(site.command("post", "list", "--json").stdout)
    return str(next(post["url"] for post in posts if post["title"] == TITLE))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_a_post_with_two_thoughts_is_read_wide_and_narrow_light_and_dark(
    site: Site, visit: Any, width: int, scheme: str
) -> None:
    reader = visit(width, color_scheme=scheme)

    reader.page.goto(post_of_the_story(site))

    assert reader.page.get_by_role("heading", name=f"2 Thoughts to “{TITLE}”").is_visible()
    assert reader.style("ol#thoughts", "listStyleType") == "decimal"
    excerpts = reader.page.locator("ol#thoughts > li blockquote")
    assert excerpts.count() == 2
    for text in excerpts.all_inner_texts():
        assert re.fullmatch(r"\[…\] .+ \[…\]", text)
    assert not reader.scrolls_sideways()
    red = int(re.findall(r"\d+", reader.style("body", "backgroundColor"))[0])
    assert red > 200 if scheme == "light" else red < 60
    assert reader.complaints == []
    assert {url.removeprefix(site.url).partition("?")[0] for url in reader.asked} == {
        "/static/style.css",
        post_of_the_story(site).removeprefix(site.url),
    }


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways_or_makes_the_browser_complain(site: Site, visit: Any, width: int) -> None:
    reader = visit(width)

    # “Hello” names the wide post as the next newer one.
    for path in ("/", "/posts/wide", "/posts/wide/embed", "/posts/hello", "/tags/Harbour", "/authors/Mara%20Quill"):
        reader.page.goto(site.url + path)
        assert not reader.scrolls_sideways()
    assert reader.complaints == []


def test_frames_keep_their_proportions_and_code_scrolls_in_its_own_box(site: Site, visit: Any) -> None:
    reader = visit(320)

    reader.page.goto(f"{site.url}/posts/wide")

    box = reader.page.locator("iframe").bounding_box()
    assert box["height"] == pytest.approx(box["width"] * 315 / 560, abs=1)
    code = reader.page.locator("pre")
    assert code.evaluate("element => element.scrollWidth > element.clientWidth")
    assert reader.style("pre", "overflowX") == "auto"


@pytest.mark.parametrize("width", [360, 1200])
def test_links_to_feeds_begin_where_their_line_begins_and_stand_on_it(site: Site, visit: Any, width: int) -> None:
    reader = visit(width)

    reader.page.goto(f"{site.url}/feed.rss")
    left = reader.page.locator("h1").bounding_box()["x"]
    assert reader.page.locator("main .feeds a").first.bounding_box()["x"] == left

    reader.page.goto(f"{site.url}/thoughts")
    assert reader.page.locator("#thoughts li").first.bounding_box()["x"] == left, "without numbers, not indented"

    reader.page.goto(f"{site.url}/feeds")
    row = reader.page.locator(".catalogue li").first
    assert len({link.evaluate(BASELINE) for link in row.locator("a").all()}) == 1


def test_a_person_writes_a_comment_corrects_it_and_sees_it_once_it_is_approved(site: Site, visit: Any) -> None:
    writer = visit()
    writer.page.goto(f"{site.url}/posts/hello")
    writer.page.get_by_role("textbox", name="Comment").fill("What a fine harbour.\n\nI was there in May.")
    writer.page.get_by_role("textbox", name="Name (required)").fill(" ")  # the browser accepts it, the server does not
    writer.page.get_by_role("textbox", name="Email").fill("bea@example.org")
    time.sleep(TYPING_SECONDS)
    writer.page.get_by_role("button", name="Post Comment").click()

    assert "Please give a name." in writer.page.get_by_role("alert").inner_text()
    assert (
        writer.page.get_by_role("textbox", name="Comment").input_value()
        == "What a fine harbour.\n\nI was there in May."
    )
    assert writer.page.get_by_role("textbox", name="Email").input_value() == "bea@example.org"
    writer.complaints.clear()  # the browser reports a 422 as such

    writer.page.get_by_role("textbox", name="Name (required)").fill("Bea")
    time.sleep(TYPING_SECONDS)
    writer.page.get_by_role("button", name="Post Comment").click()

    assert writer.page.get_by_role("status").inner_text() == "Thank you. Your comment waits for approval."
    assert writer.page.locator("ol#thoughts").count() == 0

    (held,) = json.loads(site.command("thought", "list", "--post", "hello", "--json").stdout)
    site.command("thought", "approve", str(held["id"]))
    writer.page.goto(f"{site.url}/posts/hello")

    assert writer.page.get_by_role("heading", name="1 Thought to “Hello from feedserver”").is_visible()
    shown = writer.page.locator(f"#thought-{held['id']}")
    assert "Bea" in shown.inner_text()
    assert shown.locator("p").all_inner_texts()[-2:] == ["What a fine harbour.", "I was there in May."]
    assert "bea@example.org" not in writer.page.content()
    assert writer.complaints == []


def test_a_person_tells_of_a_page_elsewhere_corrects_the_address_and_reads_the_receipt(site: Site, visit: Any) -> None:
    blog = Blog("127.0.2.9")
    about = blog.put("/about", f'<p>I read <a href="{site.url}/posts/hello">this</a> and liked it.</p>')
    nothing = blog.put("/nothing", "<p>Nothing.</p>")
    teller = visit(320)

    teller.page.goto(f"{site.url}/posts/hello")
    assert not teller.scrolls_sideways()
    teller.page.get_by_role("textbox", name="Written about this elsewhere?").fill(nothing)
    teller.page.get_by_role("button", name="Tell us").click()

    assert "the source holds no link to the target" in teller.page.get_by_role("alert").inner_text()
    assert teller.page.get_by_role("textbox", name="The address of your page").input_value() == nothing
    assert teller.page.get_by_role("textbox", name="of the post").input_value() == f"{site.url}/posts/hello"
    assert not teller.scrolls_sideways()
    teller.complaints.clear()  # the browser reports a 400 as such

    teller.page.get_by_role("textbox", name="The address of your page").fill(about)
    teller.page.get_by_role("button", name="Tell us").click()

    teller.page.wait_for_url("**/receipts/*")
    assert teller.page.get_by_text("it is shown with the post").is_visible()
    assert teller.complaints == []
    blog.close()
