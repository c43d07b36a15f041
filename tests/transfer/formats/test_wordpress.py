from datetime import UTC, datetime
from pathlib import Path
from unicodedata import normalize
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.posts.model import Enclosure, PostState
from feedserver.transfer.formats import wordpress, wordpress_index
from tests.support.exports import NOW, SAMPLES, is_recognised, read
from tests.transfer.formats.wordpress_exports import (
    SITE,
    attachment,
    comment,
    export_of,
    item,
    meta,
    post_of,
    term,
    wxr,
)

WORDPRESS = SAMPLES / "wordpress"
TRAPS = WORDPRESS / "traps"
OWN = WORDPRESS / "own-wordpress-6.1.9.xml"


# --- whole exports ---


def test_a_whole_blog_comes_with_the_states_that_its_posts_and_comments_had(tmp_path: Path) -> None:
    export = read(wordpress, OWN, tmp_path)

    assert {post.title: post.state for post in export.posts if not post.page} == {
        "Spring in the meadow": "published",
        "Blocks & now": "published",
        "Not yet": "draft",
        "From the future": "published",
        "Family only": "draft",
        "With a password": "draft",
        "": "published",
        "Ünïcode — “quotes” & 日本語 😀": "published",
        "Old one": "published",
        "Thrown away": "deleted",
    }
    assert [post.title for post in export.posts if (post.published_at or NOW) > NOW] == ["From the future"]
    assert {post.slug: post.url for post in export.posts if post.page} == {
        "about": "https://old.example.org/about/",
        "team": "https://old.example.org/about/team/",
    }
    assert {one.key: (one.kind, one.state, one.parent) for one in export.thoughts} == {
        "4-2": ("comment", "shown", None),
        "4-3": ("comment", "shown", "4-2"),
        "4-4": ("comment", "shown", "4-3"),
        "4-5": ("pingback", "shown", None),
        "4-6": ("pingback", "shown", None),
        "4-7": ("webmention", "shown", None),
        "4-8": ("comment", "held", None),
        "4-10": ("comment", "deleted", None),
        "13-11": ("comment", "shown", None),
        "16-12": ("comment", "shown", None),
    }


def test_a_whole_post_has_everything_that_was_said_of_it(tmp_path: Path) -> None:
    post = read(wordpress, OWN, tmp_path).post("4")

    assert post.tags == ('5 < 7 & "quoted"', "Birds", "Field & Forest", "larks", "Ääkköset")
    assert post.authors == ("Mara Field",)
    assert post.summary == "Larks & snow."
    assert post.guid == "https://old.example.org/2023/03/04/spring-in-the-meadow"
    assert post.published_at == datetime(2023, 3, 4, 19, 15, tzinfo=UTC)
    assert post.enclosures == (
        Enclosure("https://old.example.org/wp-content/uploads/2023/03/lark.mp3", "audio/mpeg", 1234567),
    )
    assert 'print("]]&gt;")' in post.text
    assert post.text.endswith("End ]]&gt; of text.</p>")
    assert '<img src="https://old.example.org/wp-content/uploads/2023/03/meadow.jpg"' in post.text
    assert "mood" not in post.fields


def test_neither_mail_nor_network_addresses_nor_passwords_are_taken(tmp_path: Path) -> None:
    said = str(read(wordpress, OWN, tmp_path).items)

    assert [word for word in ("@", "192.0.2.7", "sesame") if word in said] == []


def test_the_site_tells_its_name_and_its_feeds(tmp_path: Path) -> None:
    origin = read(wordpress, WORDPRESS / "feldnotizen", tmp_path).origin

    assert (origin.name, origin.url) == ("https://feldnotizen.example", "https://feldnotizen.example")
    assert origin.settings == {
        "site.title": "Feldnotizen",
        "site.description": "Notizen von Feld & Wald",
        "site.language": "de-DE",
    }
    assert origin.feeds["https://feldnotizen.example/feed/"] == "rss"
    assert origin.feeds["https://feldnotizen.example/feed/atom/"] == "atom"


def test_pictures_beside_an_export_are_found_and_named_by_all_their_addresses(tmp_path: Path) -> None:
    media = {one.key: one for one in read(wordpress, WORDPRESS / "feldnotizen", tmp_path).media}
    there = "https://feldnotizen.example/wp-content/uploads"

    assert media["4"].file == "uploads/2023/03/wiese.jpg"
    assert (media["4"].name, media["4"].alt) == ("wiese.jpg", "Eine grüne Wiese")
    assert media["5"].urls == (f"{there}/2023/04/see.jpg", f"{there}/2023/04/see-scaled.jpg")
    assert media["5"].file == "uploads/2023/04/see.jpg"


def test_a_picture_beside_an_export_is_found_in_either_unicode_form(tmp_path: Path) -> None:
    file = f"uploads/2023/{normalize('NFD', 'Möwe')}.jpg"
    packed = tmp_path / "export.zip"
    with ZipFile(packed, "w") as archive:
        archive.writestr("export.xml", wxr(attachment("4", f"{SITE}/wp-content/uploads/2023/M%C3%B6we.jpg")))
        archive.writestr(file, b"x")

    assert [one.file for one in read(wordpress, packed, tmp_path).media] == [file]


def test_posts_in_other_scripts_keep_their_slugs_and_their_ids(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "feldnotizen", tmp_path)
    greek = export.post("8")

    assert (greek.title, greek.slug) == ("Ημερολόγιο από την Κρήτη", "ημερολόγιο-από-την-κρήτη")
    assert greek.guid == greek.url
    assert [post.title for post in export.posts].count("Dienstag") == 2
    assert export.post("22").menu == "Über mich"


def test_a_comment_on_the_page_of_a_file_goes_to_the_post_that_the_file_was_uploaded_to(tmp_path: Path) -> None:
    export = export_of(
        tmp_path, item(), attachment("9", f"{SITE}/wp-content/uploads/a.jpg", comment(), wp__post_parent="7")
    )

    assert [one.post for one in export.thoughts] == ["7"]
    assert export.told("changed") == ["a comment"]


def test_an_export_in_several_files_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    name = "<wp:author_login>mara</wp:author_login><wp:author_display_name>Mara</wp:author_display_name>"
    (folder / "site.001.xml").write_bytes(wxr(item(meta("_thumbnail_id", "9"), wp__post_id="8")))
    (folder / "site.000.xml").write_bytes(
        wxr(item(), attachment("9", f"{SITE}/wp-content/uploads/a.jpg"), channel=f"<wp:author>{name}</wp:author>")
    )

    export = read(wordpress, folder, tmp_path)

    assert [(post.key, post.authors) for post in export.posts] == [("7", ("Mara",)), ("8", ("Mara",))]
    assert "a.jpg" in export.post("8").text
    assert export.post("8").where == "site.001.xml, line 3, “A post”"


def test_authors_that_a_plugin_notes_are_all_named_once(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "ghost-migrate-co-authors-plus.xml", tmp_path)

    assert [post.authors for post in export.posts] == [
        ("Alice Smith", "Bob Jones"),
        ("Alice Smith", "Bob Jones", "Carol White"),
        ("Bob Jones",),
        ("Alice Smith", "Bob Jones"),
    ]


def test_an_author_who_is_only_an_address_of_mail_is_not_named(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "ghost-migrate-feature-image-captions.xml", tmp_path)

    assert "@" not in str([post.authors for post in export.posts])
    assert export.post("20").text.startswith(
        '<figure><img src="https://example.com/wp-content/uploads/2013/06/described-image.jpg" alt=""></figure>'
    )
    assert export.told("left out") == ["its description"]


def test_what_plugins_say_of_a_post_for_machines_is_kept_as_text(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "ghost-migrate-has-yoast-meta.xml", tmp_path)

    assert export.post("100").fields["meta_title"] == "My Custom SEO Title for Search Engines"
    assert export.post("101").fields == {}


def test_an_enclosure_may_have_more_lines_than_it_needs(tmp_path: Path) -> None:
    (post,) = read(wordpress, WORDPRESS / "ghost-migrate-has-audio-enclosure.xml", tmp_path).posts

    assert post.enclosures == (Enclosure("http://media.libsyn.com/media/example/podcast.mp3", "audio/mpeg", 21169426),)


@pytest.mark.parametrize("name", ["ghost-migrate-sample.xml", "ghost-migrate-sample-no-slug.xml"])
def test_a_bare_ampersand_is_mended_and_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportDamaged, match="line 109"):
        read(wordpress, WORDPRESS / name, tmp_path)
    export = read(wordpress, WORDPRESS / name, tmp_path, forgiving=True)

    assert (
        export.media[0].urls[0].endswith("?ixlib=rb-1.2.1&ixid=eyJhcHBfaWQiOjEyMDd9&auto=format&fit=crop&w=1268&q=80")
    )
    assert {one.where for one in export.remarks if one.treatment == "mended"} == {"line 109", "line 110"}
    assert [post.key for post in export.posts] == ["204", "4", "14", "135"]
    assert "1 of the type customcpt" in export.told("left out")


def test_nested_comments_of_an_old_version(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "isso-tests-nested-comments.xml", tmp_path)

    assert {one.key: one.parent for one in export.thoughts if one.post == "18"} == {
        "18-2": None,
        "18-6": None,
        "18-7": "18-6",
        "18-8": "18-7",
        "18-9": "18-7",
        "18-10": None,
        "18-11": None,
    }
    assert (
        export.thought("18-10").text == "When you have a comment with multiple lines:\nWordPress exports it like this."
    )
    assert export.thought("http://example.tld/?p=4-11").author_name == "Anonymous"
    assert export.origin.url == "http://example.tld"


def test_an_export_of_wordpress_com(tmp_path: Path) -> None:
    export = read(wordpress, WORDPRESS / "wordpress-com-2025.xml", tmp_path)

    assert len(export.posts) == 8
    assert len(export.media) == 6
    assert export.post("14").tags == ("code", "Foo", "ruby", "ship", "stars")
    assert export.post("1").url == "https://jekyllbot.wordpress.com/about/"
    assert {"1 of the type wp_global_styles", "1 of the type wp_navigation"} <= set(export.told("left out"))


# --- traps ---


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("control-characters.xml", "Vertical tab  and U+FFFE  here."),
        ("invalid-utf8.xml", "Latin-1 byte: caf\ufffd end."),
        ("unescaped-cdata-end.xml", "if (a[b[0]]>1) { x }"),
    ],
)
def test_damage_is_refused_first_and_then_mended_with_a_line_for_each(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(ImportDamaged, match="line 6"):
        read(wordpress, TRAPS / name, tmp_path)
    export = read(wordpress, TRAPS / name, tmp_path, forgiving=True)

    assert text in export.post("5").text
    assert [one.author_name for one in export.thoughts] == ["Ann & Bo"]
    assert [one.where for one in export.remarks if one.treatment == "mended"] == ["line 6"]


def test_of_an_export_that_was_cut_off_nothing_is_taken_that_is_not_whole(tmp_path: Path) -> None:
    export = read(wordpress, TRAPS / "truncated.xml", tmp_path, forgiving=True)

    assert (export.posts, export.thoughts) == ([], [])
    assert "the file ends early" in export.told("mended")


@pytest.mark.parametrize("name", ["wxr-1.0.xml", "wxr-1.1.xml"])
def test_older_versions_are_read(tmp_path: Path, name: str) -> None:
    export = read(wordpress, TRAPS / name, tmp_path)

    assert export.post("5").title == "Plain & title"
    assert [one.text for one in export.thoughts] == ["Hello"]


def test_an_escaped_end_of_a_section_is_part_of_the_text(tmp_path: Path) -> None:
    assert "if (a[b[0]]>1) { x }</pre>" in read(wordpress, TRAPS / "escaped-cdata-end.xml", tmp_path).post("5").text


def test_a_title_on_several_lines_is_one_line(tmp_path: Path) -> None:
    assert read(wordpress, TRAPS / "multi-line-title.xml", tmp_path).post("5").title == "Two lines"


@pytest.mark.parametrize("name", ["doctype-entity.xml", "empty.xml", "not-wxr.xml"])
def test_what_is_a_trap_or_no_export_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportRefused):
        read(wordpress, TRAPS / name, tmp_path)


def test_exports_are_recognised_and_nothing_else_is(tmp_path: Path) -> None:
    recognised = [path.name for path in sorted(TRAPS.iterdir()) if is_recognised(wordpress, path, tmp_path)]

    assert recognised == sorted({path.name for path in TRAPS.iterdir()} - {"empty.xml", "not-wxr.xml"})
    assert is_recognised(wordpress, WORDPRESS / "feldnotizen", tmp_path)
    assert not is_recognised(wordpress, WORDPRESS / "feldnotizen-feeds", tmp_path)
    assert not is_recognised(wordpress, WORDPRESS / "feldnotizen-feeds/rss2.xml", tmp_path)


# --- single posts ---


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"wp__status": "publish"}, "published"),
        ({"wp__status": "publish", "wp__post_password": "sesame"}, "draft"),
        ({"wp__status": "private"}, "draft"),
        ({"wp__status": "pending"}, "draft"),
        ({"wp__status": "draft"}, "draft"),
        ({"wp__status": "a-plugin-s"}, "draft"),
        ({"wp__status": ""}, "draft"),
        ({"wp__status": "trash"}, "deleted"),
        ({"wp__status": "trash", "wp__post_password": "sesame"}, "deleted"),
        ({"wp__status": "future", "wp__post_date_gmt": "2031-01-01 07:00:00"}, "published"),
        ({"wp__status": "future", "wp__post_date_gmt": "2021-01-01 07:00:00"}, "draft"),
        ({"wp__status": "future", "wp__post_date_gmt": "", "wp__post_date": ""}, "draft"),
    ],
)
def test_only_what_everybody_could_read_is_published(tmp_path: Path, given: dict[str, str], state: PostState) -> None:
    assert post_of(tmp_path, **given).state == state


def test_what_wordpress_has_begun_by_itself_is_left_out(tmp_path: Path) -> None:
    export = export_of(tmp_path, item(wp__status="auto-draft"), item(wp__post_type="revision", wp__status="inherit"))

    assert export.posts == []
    assert export.told("left out") == ["A post", "1 of the type revision"]


def test_a_post_that_was_binned_gets_its_slug_back(tmp_path: Path) -> None:
    noted = post_of(tmp_path, meta("_wp_desired_post_slug", "wanted"), wp__status="trash", wp__post_name="x__trashed")
    unnoted = post_of(tmp_path, wp__status="trash", wp__post_name="a-post__trashed-2")

    assert (noted.slug, unnoted.slug) == ("wanted", "a-post")


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({}, datetime(2023, 3, 4, 19, 15, tzinfo=UTC)),
        ({"wp__post_date_gmt": "0000-00-00 00:00:00"}, datetime(2023, 3, 4, 20, 15, tzinfo=UTC)),
        (
            {"wp__post_date_gmt": "", "wp__post_date": "", "pubDate": "Sat, 04 Mar 2023 19:15:00 +0000"},
            datetime(2023, 3, 4, 19, 15, tzinfo=UTC),
        ),
        ({"wp__post_date_gmt": "0000-00-00 00:00:00", "wp__status": "draft"}, None),
    ],
)
def test_the_date_of_a_post_is_universal_where_it_says_so(
    tmp_path: Path, given: dict[str, str], at: datetime | None
) -> None:
    (post,) = export_of(tmp_path, item(**given), zone=ZoneInfo("Europe/Berlin")).posts

    assert post.published_at == at


ZERO = {
    "wp__post_date_gmt": "0000-00-00 00:00:00",
    "wp__post_date": "0000-00-00 00:00:00",
    "pubDate": "Mon, 30 Nov -0001 00:00:00 +0000",
}


@pytest.mark.parametrize(
    ("status", "told"),
    [("publish", ["a post without a date"]), ("draft", []), ("trash", [])],
)
def test_a_date_of_zeros_is_none_which_is_told_of_what_was_public(tmp_path: Path, status: str, told: list[str]) -> None:
    export = export_of(tmp_path, item(wp__status=status, **ZERO))

    assert ([post.published_at for post in export.posts], export.told("changed")) == ([None], told)


def test_a_change_after_publication_is_kept(tmp_path: Path) -> None:
    changed = post_of(tmp_path, wp__post_modified_gmt="2024-01-01 00:00:00")
    unchanged = post_of(tmp_path, wp__post_modified_gmt="2023-03-04 19:15:00")

    assert (changed.updated_at, unchanged.updated_at) == (datetime(2024, 1, 1, tzinfo=UTC), None)


def test_comments_and_pings_stay_closed(tmp_path: Path) -> None:
    post = post_of(tmp_path, wp__comment_status="closed", wp__ping_status="closed")

    assert not post.comments_open
    assert not post.pings_open
    assert post_of(tmp_path).pings_open


def test_categories_and_tags_are_tags_without_the_one_that_means_none(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        item(
            term("category", "uncategorized", "Uncategorized"),
            term("category", "feld", "Feld &amp; Wald"),
            term("post_tag", "feld", "Feld &amp; Wald"),
            term("category", "allgemein", "Allgemein"),
            term("genre", "noir", "Noir"),
            term("post_format", "post-format-aside", "Aside"),
            term("language", "de", "Deutsch"),
        ),
        channel="<wp:category><wp:term_id>1</wp:term_id><wp:category_nicename>allgemein</wp:category_nicename>"
        "<wp:cat_name>Allgemein</wp:cat_name></wp:category>",
    )

    assert export.post("7").tags == ("Feld & Wald",)
    assert export.post("7").lang == "de"
    assert export.post("7").fields == {"post_format": "aside"}
    assert export.told("left out") == [
        "genre: Noir",
        "1 × the category “allgemein”",
        "1 × the category “uncategorized”",
    ]


def test_a_category_that_was_given_the_first_number_s_name_by_its_owner_stays(tmp_path: Path) -> None:
    assert post_of(tmp_path, term("category", "allgemein", "Allgemein")).tags == ("Allgemein",)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A &amp; B &#8211; <em>C</em>", "A & B – C"),
        ("1 < 2 & 3", "1 < 2 & 3"),
        ("How to use <script>", "How to use <script>"),
        (" Two\n lines ", "Two lines"),
    ],
)
def test_a_title_is_what_readers_saw(tmp_path: Path, written: str, title: str) -> None:
    assert post_of(tmp_path, title=written).title == title


def test_fields_that_people_added_are_kept_and_what_is_serialised_is_not(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        item(
            meta("mood", "calm"),
            meta("views", 'a:1:{i:0;s:4:"calm";}'),
            meta("object", 'O:8:"stdClass":0:{}'),
            meta("long", "x" * 1001),
            meta("_edit_lock", "1:1"),
            wp__is_sticky="1",
        ),
    )

    assert export.post("7").fields == {"sticky": "yes", "mood": "calm"}
    assert export.told("left out") == ["its field views", "its field object", "its field long"]


def test_an_enclosure_without_a_type_is_told(tmp_path: Path) -> None:
    export = export_of(tmp_path, item(meta("enclosure", "https://a.example/x\n1\n")))

    assert export.post("7").enclosures == ()
    assert export.told("left out") == ["https://a.example/x"]


def test_a_page_is_in_the_navigation_if_a_menu_has_it(tmp_path: Path) -> None:
    menu = item(
        meta("_menu_item_object", "page"),
        meta("_menu_item_object_id", "7"),
        wp__post_id="30",
        wp__post_type="nav_menu_item",
        title="Who I am",
    )
    export = export_of(tmp_path, menu, item(wp__post_type="page"), item(wp__post_type="page", wp__post_id="8"))

    assert [(page.page, page.menu) for page in export.posts] == [(True, "Who I am"), (True, None)]
    assert export.told("left out") == ["1 of the type nav_menu_item"]


def test_files_that_nobody_could_see_are_left_out(tmp_path: Path) -> None:
    export = export_of(tmp_path, attachment("9", f"{SITE}/wp-content/uploads/a.jpg", wp__status="trash"))

    assert export.media == []


def test_a_post_has_no_more_tags_than_one_may_have_here(tmp_path: Path) -> None:
    terms = [term("post_tag", f"t{number}", f"t{number}") for number in range(150)]
    export = export_of(tmp_path, item(term("post_tag", "long", "x" * 201), *terms))

    assert len(export.post("7").tags) == 100
    assert export.told("left out") == ["some of its tags"]


def test_a_text_that_is_too_long_for_a_post_is_not_worked_on(tmp_path: Path) -> None:
    text = "<b>" * 800_000

    assert post_of(tmp_path, content__encoded=text).text == text


def test_many_kinds_of_items_are_counted_together(tmp_path: Path) -> None:
    export = export_of(tmp_path, *(item(wp__post_type=f"kind-{number}") for number in range(150)))

    assert len(export.told("left out")) == 101
    assert "50 of the type others" in export.told("left out")


@pytest.mark.parametrize(
    "many",
    [
        "<wp:tag><wp:tag_slug>{0}</wp:tag_slug><wp:tag_name>{0}</wp:tag_name></wp:tag>",
        "<wp:author><wp:author_login>{0}</wp:author_login></wp:author>",
        "<item><wp:post_id>{0}</wp:post_id></item>",
        "<item><wp:post_type>attachment</wp:post_type><wp:attachment_url>https://a.example/{0}</wp:attachment_url></item>",
    ],
)
def test_what_is_remembered_of_an_export_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: str) -> None:
    monkeypatch.setattr(wordpress_index, "MOST", 100_000)
    channel = "\n".join(many.replace("{0}", str(number)) for number in range(1000))

    with pytest.raises(ImportRefused, match=r"^line \d+: more than can be remembered of one export"):
        export_of(tmp_path, channel=channel)


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    assert read(wordpress, OWN, tmp_path).items == read(wordpress, OWN, tmp_path).items
