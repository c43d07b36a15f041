"""The editor in a real browser: two tabs, a session that ends while somebody writes, hostile HTML, going back."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.desk.conftest import PASSWORD
from tests.flows.test_browser import FLAGS
from tests.support.media_files import encoded, quarters
from tests.support.serving import Site, running_site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (Debian: apt-get install chromium)"),
]

# Would change what it can reach, if it could do anything.
HOSTILE = """<script>parent.document.title = "stolen"; fetch("/desk/bin")</script>
<img src=x onerror="top.location = '/desk/account'">
<form action="/desk/sign-out" method="post"><button id="trap">Sign out</button></form>
"""
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(site: Site, browser: Any) -> Any:
    """The cookies of ann."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.command("account", "add", "ann").stdout.split()[-1])
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/desk**")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def window(site: Site, browser: Any, signed_in: Any) -> Iterator[Open]:
    """Opens windows of ann: `window(java_script_enabled=False)`."""
    contexts: list[Any] = []

    def open_window(**options: Any) -> Any:
        contexts.append(browser.new_context(base_url=site.url, **{"storage_state": signed_in, **options}))
        contexts[-1].set_default_timeout(10_000)
        return contexts[-1].new_page()

    yield open_window
    for context in contexts:
        context.close()


def write(page: Any, title: str, text: str) -> None:
    page.goto("/desk/posts/new")
    page.fill("[name=title]", title)
    page.fill("[name=body]", text)


def sign_in(page: Any) -> None:
    page.fill("[name=name]", "ann")
    page.fill("[name=password]", PASSWORD)
    press(page, "Sign in")


def document(site: Site, slug: str) -> str:
    return site.command("post", "show", slug).stdout


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def drop(page: Any, *names: str) -> None:
    """Drops a picture of each of these names into the text; one that ends in `.svg` is refused."""
    page.locator("[name=body]").evaluate(
        """(area, [names, bytes]) => {
            const transfer = new DataTransfer();
            for (const name of names)
                transfer.items.add(new File([name.endsWith(".svg") ? "<svg/>" : new Uint8Array(bytes)], name));
            area.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        [names, list(encoded(quarters(), "JPEG"))],
    )


@pytest.mark.parametrize("scripts", [True, False], ids=["with the script", "without"])
def test_an_author_writes_in_two_tabs_and_loses_neither_text(site: Site, window: Open, scripts: bool) -> None:
    slug = f"two-tabs-{scripts}".lower()
    first = window(java_script_enabled=scripts)
    write(first, f"Two tabs {scripts}", "The first words.")
    press(first, "Publish")
    second = first.context.new_page()
    second.goto(f"/desk/posts/{slug}/edit")
    first.fill("[name=body]", "What one tab says.")
    press(first, "Update")
    assert "Updated." in first.inner_text("main")

    second.fill("[name=body]", "What the other tab says.\n")
    press(second, "Update")

    assert "was changed meanwhile" in second.inner_text("main")
    assert second.input_value("#their-text") == "What one tab says."
    assert second.input_value("[name=body]") == "What the other tab says.\n"
    assert document(site, slug).endswith("What one tab says.\n")
    press(second, "Update")
    assert "Updated." in second.inner_text("main")
    assert document(site, slug).endswith("What the other tab says.\n")
    second.goto(f"/desk/posts/{slug}/history")
    assert second.get_by_role("link", name="Revision").count() == 3


def test_a_session_that_ends_while_five_thousand_words_are_typed_costs_none_of_them(site: Site, window: Open) -> None:
    text = " ".join(f"word{number}" for number in range(5_000)) + "\n\nThe end.\n"
    page = window(java_script_enabled=False, storage_state=None)
    page.goto("/desk")
    sign_in(page)
    write(page, "A long evening", text)
    with closing(sqlite3.connect(site.folder / "var" / "feedserver.sqlite3", timeout=10)) as connection, connection:
        connection.execute("DELETE FROM sessions WHERE created_at = (SELECT max(created_at) FROM sessions)")

    press(page, "Publish")
    assert "Nothing was done." in page.inner_text("main")
    sign_in(page)

    assert page.input_value("[name=body]") == text
    assert page.input_value("[name=title]") == "A long evening"
    assert site.command("post", "show", "a-long-evening", check=False).returncode == 1
    press(page, "Publish")
    assert document(site, "a-long-evening").endswith(text)


@pytest.mark.parametrize("scripts", [True, False], ids=["beside the text", "in a tab of its own"])
def test_hostile_html_in_a_preview_cannot_act_for_the_author(site: Site, window: Open, scripts: bool) -> None:
    page = window(java_script_enabled=True)
    asked: list[str] = []
    write(page, "Hostile", HOSTILE)
    page.context.on("request", lambda request: asked.append(request.url))
    if scripts:
        press(page, "Preview beside the text")
        shown = page.frame_locator(".beside iframe")
        shown.get_by_role("heading", name="Hostile", exact=True).wait_for()
    else:
        with page.context.expect_page() as opened:
            press(page, "Preview")
        shown = opened.value
        shown.get_by_role("heading", name="Hostile", exact=True).wait_for()

    shown.locator("#trap").click()
    page.wait_for_timeout(200)  # for what must not come

    assert not [url for url in asked if "/desk/bin" in url or "/sign-out" in url or "/desk/account" in url]
    assert "stolen" not in page.title()
    assert page.input_value("[name=body]") == HOSTILE
    page.goto("/desk/posts")
    assert page.url.endswith("/desk/posts"), "still signed in"


@pytest.mark.parametrize("scripts", [True, False], ids=["with the script", "without"])
def test_whoever_goes_away_and_back_finds_what_was_typed(site: Site, window: Open, scripts: bool) -> None:
    page = window(java_script_enabled=scripts)
    page.on("dialog", lambda dialog: dialog.accept())
    write(page, "Back", "Not saved.")
    page.goto("/desk/posts")

    page.go_back()

    assert page.input_value("[name=body]") == "Not saved."
    assert page.input_value("[name=title]") == "Back"
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()
    page.goto("/desk/posts/new")
    assert page.input_value("[name=body]") == ""


@pytest.mark.parametrize("scripts", [True, False], ids=["with the script", "without"])
def test_whoever_saves_and_goes_back_edits_the_same_post(site: Site, window: Open, scripts: bool) -> None:
    page = window(java_script_enabled=scripts)
    title = f"Once {scripts}"
    write(page, title, "First.")
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()

    page.go_back()
    page.wait_for_url("**/edit")
    page.fill("[name=body]", "Second.")
    press(page, "Update")
    page.get_by_text("Updated.").wait_for()

    slug = title.lower().replace(" ", "-")
    assert document(site, slug).endswith("Second.\n")
    assert site.command("post", "show", f"{slug}-2", check=False).returncode == 1


def test_a_picture_that_is_dropped_stands_where_the_cursor_is(site: Site, window: Open) -> None:
    page = window()
    write(page, "A roof", "Before.\n\nAfter.")
    page.locator("[name=body]").evaluate("area => area.setSelectionRange(7, 7)")

    drop(page, "roof.jpg")
    playwright.expect(page.locator("[name=body]")).to_have_value(re.compile(r"\]\(/media/"))

    text = page.input_value("[name=body]")
    assert text.startswith("Before.\n\n![")
    assert text.endswith("/roof.jpg)\n\nAfter.")
    press(page, "Preview beside the text")
    shown = page.frame_locator(".beside iframe").locator(".e-content img")
    playwright.expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth"), "it is shown in the preview too"
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()
    assert "/media/" in document(site, "a-roof")


# The answers to what a page sends of its own accord are held back until `held[…]()` is called.
HOLD_BACK = """const real = fetch; window.held = [];
window.fetch = (...asked) => new Promise(go => held.push(() => go(real(...asked))));"""


def test_what_is_sent_while_a_dropped_picture_is_on_its_way_waits_for_it(site: Site, window: Open) -> None:
    page = window()
    page.add_init_script(HOLD_BACK)
    write(page, "Too soon", "Words.")
    drop(page, "roof.jpg")

    press(page, "Publish")
    page.get_by_text("It is sent as soon as the files are there.").wait_for()
    press(page, "Publish")
    with page.context.expect_page() as opened:
        press(page, "Preview")  # which saves nothing, and waits for nothing
    assert "roof.jpg" not in opened.value.inner_text("main")
    assert site.command("post", "show", "too-soon", check=False).returncode == 1
    page.evaluate("held[0]()")

    page.get_by_text("Published.").wait_for()
    assert re.search(r"Words\.\n\n!\[\]\(/media/[0-9a-f]+/roof\.jpg\)\n", document(site, "too-soon"))


def test_of_what_waits_for_a_file_that_is_refused_or_is_not_to_be_sent_nothing_is_sent(
    site: Site, window: Open
) -> None:
    page = window()
    page.add_init_script(HOLD_BACK)
    write(page, "Refused", "Words.")
    drop(page, "roof.jpg", "evil.svg")
    press(page, "Publish")
    page.evaluate("held[0]()")
    playwright.expect(page.locator("[name=body]")).to_have_value(re.compile(r"/roof\.jpg\)"))

    page.evaluate("held[1]()")

    page.get_by_text("evil.svg: ").wait_for()
    playwright.expect(page.locator("[name=body]")).to_have_value(re.compile(r"^Words\.\n\n!\[\]\(.*/roof\.jpg\)\s+$"))
    assert page.get_by_text("It is sent as soon").count() == 0
    drop(page, "roof.jpg")
    press(page, "Publish")
    press(page, "Do not send")
    page.evaluate("held[2]()")
    playwright.expect(page.locator("[name=body]")).to_have_value(re.compile(r"roof\.jpg\)\s+!\[\]\(.*roof\.jpg\)"))
    assert page.url.partition("?")[0].endswith("/new")
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()
    assert "svg" not in document(site, "refused")


def test_the_sentence_that_is_typed_while_pictures_are_added_stays_whole(window: Open) -> None:
    page = window()
    page.add_init_script(HOLD_BACK)
    write(page, "Typing", "Before.")
    text = page.locator("[name=body]")
    drop(page, "roof.jpg", "roof.jpg")

    text.press_sequentially("A sentence that ")
    page.evaluate("held[0]()")
    playwright.expect(text).to_have_value(re.compile(r"\(/media/\S+\)\n\n!\[roof\.jpg …"))
    text.press_sequentially("goes on ")
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    with page.expect_response("**/desk/media"):
        page.evaluate("held[1]()")
    keys.send("Input.imeSetComposition", {"text": "nih", "selectionStart": 3, "selectionEnd": 3})
    keys.send("Input.insertText", {"text": "日本"})
    playwright.expect(text).to_have_value(re.compile(r"\(/media/\S+\)\n\n!\[\]\(/media/"))
    text.press_sequentially(", whole.")

    picture, typed = r"!\[\]\(/media/\S+\)", r"A sentence that goes on 日本, whole\."
    assert re.fullmatch(rf"Before\.\n\n{picture}\n\n{picture}\n\n{typed}", text.input_value())


def test_of_a_picture_that_was_on_its_way_nothing_stands_in_the_text_that_is_filled_in_again(window: Open) -> None:
    page = window()
    page.add_init_script(HOLD_BACK)
    page.on("dialog", lambda dialog: dialog.accept())
    write(page, "Reloaded", "Words.")
    drop(page, "roof.jpg")

    page.reload()

    assert page.input_value("[name=body]").rstrip() == "Words."


def test_in_a_text_of_html_a_dropped_picture_stands_as_html(site: Site, window: Open) -> None:
    site.command("post", "add", "-", given="---\ntitle: Old\nslug: old\nformat: html\n---\n<p>Words</p>\n")
    page = window()
    page.goto("/desk/posts/old/edit")

    drop(page, "roof.jpg")

    playwright.expect(page.locator("[name=body]")).to_have_value(
        re.compile(r'<p><img src="/media/\S+/roof\.jpg" alt="">')
    )


# How far the elements of a page reach to the right, those that are for screen readers alone left out.
RIGHT_ENDS = """elements => elements.filter(one => one.offsetWidth > 1).map(one => one.getBoundingClientRect().right)"""
BOXES = ".filters :is(input, select, button)"


@pytest.mark.parametrize("wide", [390, 1280])
def test_no_field_reaches_into_the_margin_and_filters_stand_on_one_line(site: Site, window: Open, wide: int) -> None:
    page = window(viewport={"width": wide, "height": 800})
    page.goto("/desk/posts/new")
    edge = page.locator("main").evaluate("main => main.getBoundingClientRect().right")
    controls = page.locator("main :is(input, select, textarea, button, fieldset)")
    assert max(controls.evaluate_all(RIGHT_ENDS)) <= edge + 0.5

    press(page, "Preview beside the text")
    assert max(controls.evaluate_all(RIGHT_ENDS)) <= edge + 0.5
    text, fields = (page.locator(f".editor .{name}").bounding_box() for name in ("text", "fields"))
    assert (fields["x"], fields["width"]) == (text["x"], text["width"])

    page.goto("/desk?state=all")
    if wide == 1280:
        tops = page.locator(BOXES).evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert max(tops) - min(tops) < 1


def test_whoever_leaves_with_unsaved_text_is_asked(site: Site, window: Open) -> None:
    page = window()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type) or dialog.accept())  # type: ignore[func-returns-value]
    write(page, "Leaving", "Words")

    page.goto("/desk/posts")
    page.goto("/desk/posts/new")
    page.goto("/desk/posts")

    assert asked[:1] == ["beforeunload"]


def test_the_address_of_a_form_that_has_added_a_post_overwrites_nothing_when_it_is_opened_anew(
    site: Site, window: Open
) -> None:
    page = window()
    write(page, "Bookmarked", "First.")
    bookmark = page.url
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()

    anew = page.context.new_page()
    anew.goto(bookmark)

    assert anew.url.endswith("/desk/posts/bookmarked/edit")
    assert anew.input_value("[name=body]") == "First."


@pytest.mark.parametrize("scripts", [True, False], ids=["with the script", "without"])
def test_the_enter_key_in_a_line_saves_and_takes_no_public_post_away(site: Site, window: Open, scripts: bool) -> None:
    page = window(java_script_enabled=scripts)
    slug = f"enter-{scripts}".lower()
    write(page, f"Enter {scripts}", "Words.")

    page.press("[name=title]", "Enter")
    page.get_by_text("Saved as a draft.").wait_for()
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()
    page.fill("[name=summary]", "Short.")
    page.press("[name=summary]", "Enter")
    page.get_by_text("Updated.").wait_for()

    assert 'summary: "Short."' in document(site, slug)


def test_text_that_the_page_says_is_not_saved_is_kept_and_whoever_leaves_is_asked(site: Site, window: Open) -> None:
    page = window()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type) or dialog.accept())  # type: ignore[func-returns-value]
    write(page, "Kept", "First.")
    press(page, "Publish")
    page.get_by_text("Published.").wait_for()
    page.fill("[name=body]", "Typed and not saved.")
    page.fill("[name=slug]", "kept-too")
    press(page, "Rename")
    page.get_by_text("is not saved yet").wait_for()

    page.get_by_role("link", name="Inbox").click()
    page.wait_for_url("**/desk")
    page.goto("/desk/posts/kept-too/edit")

    assert asked == ["beforeunload"]
    assert page.input_value("[name=body]") == "Typed and not saved."
    assert page.get_by_role("button", name="Forget it").count() == 1


def test_what_is_typed_after_saving_survives_a_reload_and_the_saving_of_another_post(site: Site, window: Open) -> None:
    page = window()
    page.on("dialog", lambda dialog: dialog.accept())
    write(page, "Reloaded", "First.")
    press(page, "Save as draft")
    page.get_by_text("Saved as a draft.").wait_for()
    page.fill("[name=body]", "Typed since.")

    page.reload()

    assert page.input_value("[name=body]") == "Typed since."
    page.goto("/desk/posts/new")
    page.fill("[name=body]", "Another, not saved.")
    page.goto("/desk/posts/reloaded/edit")
    press(page, "Save as draft")
    page.get_by_text("Saved as a draft.").wait_for()
    page.goto("/desk/posts/new")
    assert page.input_value("[name=body]") == "Another, not saved."


def test_a_draft_that_was_deleted_and_restored_is_saved_and_goes_on_from_there(site: Site, window: Open) -> None:
    page = window()
    write(page, "Restored", "Words.")
    press(page, "Save as draft")
    page.get_by_text("Saved as a draft.").wait_for()
    page.fill("[name=tags]", "sea,  sky")
    page.fill("[name=body]", "Typed, then deleted.")
    press(page, "Delete")
    page.get_by_text("Deleted.").wait_for()
    page.get_by_role("link", name="Bin").click()
    press(page, "Restore Restored")
    page.get_by_text("Restored.").wait_for()

    assert page.input_value("[name=body]") == "Typed, then deleted."
    assert page.get_by_role("button", name="Forget it").count() == 0
    page.fill("[name=body]", "Typed, then deleted, and more.")
    press(page, "Save as draft")
    page.get_by_text("Saved as a draft.").wait_for()
    assert document(site, "restored").endswith("and more.\n")


def test_what_somebody_has_typed_is_filled_in_again_for_the_same_account_alone(site: Site, window: Open) -> None:
    page = window(storage_state=None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/desk")
    sign_in(page)
    page.get_by_role("button", name="Sign out").wait_for()
    write(page, "Ann's", "Private words of ann.")
    press(page, "Sign out")
    page.get_by_text("You are signed out.").wait_for()

    page.goto(site.command("account", "add", "bob").stdout.split()[-1])
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/desk/posts/new")
    assert page.input_value("[name=body]") == ""

    press(page, "Sign out")
    page.goto("/desk")
    sign_in(page)
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/desk/posts/new")
    assert page.input_value("[name=body]") == "Private words of ann."
