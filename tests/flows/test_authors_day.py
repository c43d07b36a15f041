"""A day of an author at the desk, in a real browser with a real server.

By the keyboard alone on a wide, light screen; without JavaScript on a narrow, dark one; and each page of the desk is
looked at by axe-core in both.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import Image

from tests.support.serving import Site, running_site
from tests.thoughts.forms import read_form

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe_playwright_python is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDE_AND_LIGHT = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
NARROW_AND_DARK = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
PASSWORD = "a password of some length"
COMMENTS = 10
_MOST_STEPS = 120  # of the Tab key, until an element has the focus

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), environ={"FEEDSERVER_SITE_AUTHOR": "Ann"}) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    """Opens browser windows: `window(**WIDE_AND_LIGHT)`."""
    contexts: list[Any] = []

    def opened(**options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(15_000)
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


# --- what the hands do ---


class Hands:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.on("filechooser", lambda _: None)  # tells Chromium now that it is listened to: it would not wait for that

    def reach(self, selector: str) -> None:
        """Goes from element to element until one of this kind has the focus."""
        for _ in range(_MOST_STEPS):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector} on {self.page.url}")

    def type(self, name: str, text: str) -> None:
        """Puts a text in the place of what stands in a field."""
        self.reach(f"[name={name}]")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def press(self, selector: str) -> None:
        """Presses a button or follows a link, and waits for the page that it leads to."""
        self.reach(selector)
        assert focus_is_seen(self.page), f"the focus on {selector} cannot be seen"
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def choose(self, selector: str, file: Path) -> None:
        self.reach(selector)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def go(self, name: str) -> None:
        """Follows a link of the navigation."""
        self.page.keyboard.press("Control+Home")
        href = self.page.locator(f"nav[aria-label=Desk] >> text='{name}'").get_attribute("href")
        self.press(f"nav[aria-label=Desk] a[href='{href}']")

    def key(self, key: str) -> None:
        """Presses a key of the inbox that decides, and waits for the page that follows."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)


def focus_is_seen(page: Any) -> bool:
    return bool(
        page.evaluate(
            "() => { const style = getComputedStyle(document.activeElement);"
            " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; }"
        )
    )


def button(deed: str) -> str:
    return f"button[name=do][value={deed}]:not(.unseen)"


def alert(page: Any) -> str:
    return str(page.locator("[role=alert]").first.inner_text())


def told(page: Any) -> str:
    return str(page.locator("[role=status]").first.inner_text())


# --- what is there ---


def invitation(site: Site, name: str) -> str:
    return site.command("account", "add", name).stdout.splitlines()[-1]


def posts(site: Site) -> dict[str, dict[str, Any]]:
    return {post["slug"]: post for post in json.loads(site.command("post", "list", "--json").stdout)}


def thoughts(site: Site, slug: str) -> dict[str, str]:
    """The states of a post's thoughts, by their words."""
    listed = json.loads(site.command("thought", "list", "--post", slug, "--json").stdout)
    return {thought["excerpt"]: thought["state"] for thought in listed}


def comment(site: Site, slug: str, number: int) -> str:
    """A reader sends the comment form, quicker than people do, so that it waits."""
    form = read_form(site.get(f"/posts/{slug}")[2].decode())
    words = f"Comment {number} on {slug}."
    fields = form.values | {"comment": words, "name": f"Reader {number}", "email": f"r{number}@mail.example"}
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=20)) as connection:
        sent = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": f"192.0.2.{number}"}
        connection.request("POST", form.action, urlencode(fields), sent)
        with connection.getresponse() as answer:
            assert answer.status == 303
    return words


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pictures") / "roof.png"
    bytes_ = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(bytes_, "PNG")
    file.write_bytes(bytes_.getvalue())
    return file


# --- the day ---


def test_a_day_by_the_keyboard_alone(site: Site, window: Any, picture: Path) -> None:
    hands = Hands(window(**WIDE_AND_LIGHT))
    page = hands.page

    sign_in(site, hands)
    publish_with_a_picture(site, hands, picture)
    schedule(site, hands)
    edit_in_two_tabs(site, hands)
    moderate_by_keys(site, hands)
    restore_a_revision(site, hands)
    delete_and_restore(site, hands)
    hands.press(".leave button")
    assert "/desk/sign-in" in page.url


def sign_in(site: Site, hands: Hands) -> None:
    hands.page.goto(invitation(site, "ann"))
    hands.type("password", PASSWORD)
    hands.press("main form button")
    assert urlsplit(hands.page.url).path == "/desk"


def publish_with_a_picture(site: Site, hands: Hands, picture: Path) -> None:
    hands.go("Write")
    hands.type("title", "Fog over the harbour")
    hands.type("body", "It came at *six*.\n")
    hands.choose("[type=file]", picture)
    hands.type("alt", "A roof in the fog")
    hands.press(button("picture"))
    assert "![A roof in the fog](/media/" in hands.page.locator("[name=body]").input_value()
    assert "fog-over-the-harbour" not in posts(site), "nothing is stored yet"
    hands.press(button("publish"))
    status, _, body = site.get("/posts/fog-over-the-harbour")
    assert status == 200
    assert 'alt="A roof in the fog"' in body.decode()
    assert "<em>six</em>" in body.decode()


def schedule(site: Site, hands: Hands) -> None:
    hands.go("Write")
    hands.type("title", "Next year")
    hands.type("body", "Not before its time.")
    hands.reach("[name=date]")
    hands.page.keyboard.type("01022099")  # the parts of a date, one after the other, as Chromium takes them
    hands.page.keyboard.press("Tab")
    hands.page.keyboard.type("1000AM")
    hands.press(button("schedule"))
    assert posts(site)["next-year"]["state"] == "scheduled"
    assert posts(site)["next-year"]["published_at"].startswith("2099-01-02T10:00")
    assert site.get("/posts/next-year")[0] == 404


def edit_in_two_tabs(site: Site, hands: Hands) -> None:
    address = f"{site.url}/desk/posts/fog-over-the-harbour/edit"
    second = Hands(hands.page.context.new_page())
    for tab in (hands, second):
        tab.page.goto(address)
    hands.type("body", "The text of the first tab.")
    hands.press(button("update"))
    second.type("body", "The text of the second tab.")
    second.press(button("update"))
    assert "changed meanwhile" in alert(second.page)
    assert "The text of the first tab." in second.page.locator("#their-text").input_value()
    assert "the first tab" in site.get("/posts/fog-over-the-harbour")[2].decode()
    assert second.page.locator("[name=body]").input_value() == "The text of the second tab."
    second.press(button("update"))
    assert "the second tab" in site.get("/posts/fog-over-the-harbour")[2].decode()
    second.page.close()


def moderate_by_keys(site: Site, hands: Hands) -> None:
    words = [comment(site, "fog-over-the-harbour", number) for number in range(COMMENTS)]
    hands.go("Inbox")
    hands.page.keyboard.press("a")  # nothing is chosen yet: it only shows where it would act
    newest_first = [one.strip() for one in hands.page.locator("article.thought blockquote").all_inner_texts()]
    assert sorted(newest_first) == sorted(words)
    for key in "aaaasssdd":
        hands.key(key)
    states = thoughts(site, "fog-over-the-harbour")
    assert [states[one] for one in newest_first] == ["shown"] * 4 + ["spam"] * 3 + ["deleted"] * 2 + ["held"]
    hands.key("u")
    assert told(hands.page) == "Taken back."
    assert thoughts(site, "fog-over-the-harbour")[newest_first[8]] == "held"
    hands.page.keyboard.press("j")
    hands.key("a")
    assert sum(state == "shown" for state in thoughts(site, "fog-over-the-harbour").values()) == 5


def restore_a_revision(site: Site, hands: Hands) -> None:
    hands.page.goto(f"{site.url}/desk/posts/fog-over-the-harbour/history")
    hands.press("main a[href$='/history/1']")
    hands.press("main form[method=post] button")
    assert "<em>six</em>" in site.get("/posts/fog-over-the-harbour")[2].decode()
    history = json.loads(site.command("post", "history", "fog-over-the-harbour", "--json").stdout)
    assert sorted(one["number"] for one in history) == [1, 2, 3, 4]
    assert {(one["by"], one["via"]) for one in history} == {("ann", "desk")}


def delete_and_restore(site: Site, hands: Hands) -> None:
    hands.page.goto(f"{site.url}/desk/posts/fog-over-the-harbour/edit")
    hands.press(button("delete"))
    assert site.get("/posts/fog-over-the-harbour")[0] == 410
    hands.go("Bin")
    hands.press("main button[value=fog-over-the-harbour]")
    assert site.get("/posts/fog-over-the-harbour")[0] == 200


def test_ten_comments_are_decided_on_without_javascript_on_a_phone(site: Site, window: Any) -> None:
    page = window(**NARROW_AND_DARK, java_script_enabled=False)
    page.goto(invitation(site, "bob"))
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
    page.goto(f"{site.url}/desk/posts/new")
    page.fill("[name=title]", "From a phone")
    page.fill("[name=body]", "Written with two thumbs.")
    page.click(button("publish"))
    words = [comment(site, "from-a-phone", number) for number in range(COMMENTS)]

    page.goto(f"{site.url}/desk?post=from-a-phone")
    for text in words[:5]:
        thought(page, text).get_by_role("checkbox").check()
    page.locator("#many").get_by_role("button", name="Approve").click()
    for text in words[5:8]:
        thought(page, text).get_by_role("button", name="Spam").click()
    thought(page, words[8]).get_by_role("button", name="Hide").click()

    states = thoughts(site, "from-a-phone")
    assert [states[text] for text in words] == ["shown"] * 5 + ["spam"] * 3 + ["held"] * 2
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    states = thoughts(site, "from-a-phone")
    assert [states[text] for text in words] == ["shown"] * 5 + ["spam"] * 2 + ["held"] * 3
    assert not scrolls_sideways(page)


def thought(page: Any, words: str) -> Any:
    return page.locator("article.thought").filter(has_text=words)


# --- every page ---


@pytest.mark.parametrize("look", [WIDE_AND_LIGHT, NARROW_AND_DARK], ids=["wide and light", "narrow and dark"])
def test_axe_finds_nothing_on_any_page_of_the_desk_and_none_scrolls_sideways(
    site: Site, window: Any, picture: Path, look: dict[str, Any]
) -> None:
    name = f"carol-{look['color_scheme']}"
    slug = f"post-of-{name}"
    page = window(**look)
    found = {"sign-in": looked_at(page, f"{site.url}/desk/sign-in"), "welcome": looked_at(page, invitation(site, name))}
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
    site.command("media", "add", str(picture), "--alt", "A roof")
    write(page, site, slug)
    for number in range(3):
        comment(site, slug, number)
    thought_id = json.loads(site.command("thought", "list", "--post", slug, "--json").stdout)[0]["id"]

    pages = [
        *("", "?state=all", "?host=nowhere.example", f"/thoughts/{thought_id}", "/posts", "/posts/new", "/bin"),
        *("/media", "/readers", "/site", "/account", f"/posts/{slug}/edit", f"/posts/{slug}/history"),
        *(f"/posts/{slug}/history/1", f"/posts/{slug}/outcome"),
    ]
    for path in pages:
        found[path] = looked_at(page, f"{site.url}/desk{path}")

    assert {path: what for path, what in found.items() if what} == {}


def write(page: Any, site: Site, slug: str) -> None:
    """A post that is edited once, and one that lies in the bin."""
    page.goto(f"{site.url}/desk/posts/new")
    page.fill("[name=title]", slug.replace("-", " "))
    page.fill("[name=body]", "Some words, and https://other.example/ to be told.")
    page.click(button("publish"))
    page.fill("[name=body]", "Other words, and https://other.example/ to be told.")
    page.click(button("update"))
    page.goto(f"{site.url}/desk/posts/new")
    page.fill("[name=title]", "To be thrown away")
    page.click(button("draft"))
    page.click(button("delete"))


def looked_at(page: Any, url: str) -> list[str]:
    """What axe-core finds on a page, and whether it scrolls sideways."""
    page.goto(url)
    violations = axe.Axe().run(page).response["violations"]
    found = [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
    return [*found, *(["it scrolls sideways"] if scrolls_sideways(page) else [])]


def scrolls_sideways(page: Any) -> bool:
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))
