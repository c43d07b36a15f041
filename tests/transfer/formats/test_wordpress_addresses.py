from pathlib import Path

from tests.support.exports import Export
from tests.transfer.formats.wordpress_exports import SITE, attachment, export_of, item, meta, post_of, term

CHANNEL = (
    "<wp:author><wp:author_login>Mara.F</wp:author_login><wp:author_display_name>Mara Feld</wp:author_display_name>"
    "</wp:author>"
    "<wp:category><wp:term_id>2</wp:term_id><wp:category_nicename>feld</wp:category_nicename>"
    "<wp:category_parent></wp:category_parent><wp:cat_name>Feld &amp;amp; Wald</wp:cat_name></wp:category>"
    "<wp:category><wp:term_id>3</wp:term_id><wp:category_nicename>voegel</wp:category_nicename>"
    "<wp:category_parent>feld</wp:category_parent><wp:cat_name>Vögel</wp:cat_name></wp:category>"
    "<wp:tag><wp:term_id>4</wp:term_id><wp:tag_slug>%ce%b1</wp:tag_slug><wp:tag_name>α</wp:tag_name></wp:tag>"
)
TERMS = (term("category", "voegel", "Vögel"), term("post_tag", "%ce%b1", "α"))


def old_addresses(export: Export, new: str) -> set[str]:
    return {old.removeprefix(SITE) for old, leads_to in export.redirects.items() if leads_to == new}


def test_a_post_is_found_by_its_number(tmp_path: Path) -> None:
    assert post_of(tmp_path).addresses == (f"{SITE}/?p=7",)
    assert post_of(tmp_path, wp__post_type="page").addresses == (f"{SITE}/?p=7", f"{SITE}/?page_id=7")


def test_a_post_is_found_under_every_slug_and_date_that_it_had(tmp_path: Path) -> None:
    post = post_of(
        tmp_path,
        meta("_wp_old_slug", "first"),
        meta("_wp_old_slug", "%CE%B1"),
        meta("_wp_old_date", "2022-12-31"),
    )

    assert set(post.addresses) == {
        f"{SITE}/?p=7",
        *(f"{SITE}/{day}/{slug}/" for day in ("2023/03/04", "2022/12/31") for slug in ("first", "%CE%B1")),
        f"{SITE}/2022/12/31/a-post/",
    }


def test_an_address_that_has_no_slug_or_date_keeps_what_it_has(tmp_path: Path) -> None:
    renamed = post_of(tmp_path, meta("_wp_old_slug", "first"), link=f"{SITE}/?p=7")
    moved = post_of(tmp_path, meta("_wp_old_date", "2022-12-31"), link=f"{SITE}/a-post/")
    nested = post_of(tmp_path, meta("_wp_old_slug", "b"), link=f"{SITE}/about/a-post/", wp__post_type="page")

    assert renamed.addresses == ()
    assert moved.addresses == (f"{SITE}/?p=7",)
    assert nested.addresses[2:] == (f"{SITE}/about/b/",)


def test_the_pages_of_a_text_lead_to_it(tmp_path: Path) -> None:
    post = post_of(tmp_path, content__encoded="a<!--nextpage-->b")

    assert f"{SITE}/2023/03/04/a-post/2/" in post.addresses


def test_a_post_that_was_renamed_without_end_has_bounded_addresses(tmp_path: Path) -> None:
    slugs = [meta("_wp_old_slug", f"old-{number}") for number in range(1000)]

    assert len(post_of(tmp_path, *slugs).addresses) == 51


def test_the_page_of_a_file_leads_to_its_post_or_to_the_file(tmp_path: Path) -> None:
    export = export_of(
        tmp_path,
        item(),
        attachment("8", f"{SITE}/wp-content/uploads/a-scaled.jpg", wp__post_parent="7"),
        attachment("9", f"{SITE}/wp-content/uploads/b.jpg", wp__post_parent="0"),
        attachment("10", f"{SITE}/wp-content/uploads/c.jpg", link=f"{SITE}/wp-content/uploads/c.jpg"),
    )

    assert old_addresses(export, f"{SITE}/2023/03/04/a-post/") == {"/file-8/", "/?attachment_id=8"}
    assert old_addresses(export, f"{SITE}/wp-content/uploads/b.jpg") == {"/file-9/", "/?attachment_id=9"}
    assert old_addresses(export, f"{SITE}/wp-content/uploads/c.jpg") == {"/?attachment_id=10"}


def test_lists_by_category_tag_author_and_date_lead_to_ours_with_their_feeds(tmp_path: Path) -> None:
    export = export_of(tmp_path, item(*TERMS, dc__creator="Mara.F"), channel=CHANNEL)

    assert old_addresses(export, "/tags/V%C3%B6gel") == {"/category/feld/voegel/", "/category/voegel/", "/?cat=3"}
    assert old_addresses(export, "/tags/V%C3%B6gel/feed.rss") == {
        "/category/feld/voegel/feed/",
        "/category/voegel/feed/",
    }
    assert old_addresses(export, "/tags/%CE%B1") == {"/tag/%CE%B1/", "/?tag=%ce%b1"}
    assert old_addresses(export, "/tags/%CE%B1/feed.atom") == {"/tag/%CE%B1/feed/atom/"}
    assert old_addresses(export, "/authors/Mara%20Feld") == {"/author/mara-f/"}
    assert old_addresses(export, "/archive/2023") == {"/2023/", "/2023/03/", "/2023/03/04/"}


def test_lists_that_no_public_post_stood_in_lead_nowhere(tmp_path: Path) -> None:
    draft = item(*TERMS, dc__creator="Mara.F", wp__status="draft")
    page = item(dc__creator="Mara.F", wp__post_type="page", wp__post_id="8")
    later = item(*TERMS, wp__status="future", wp__post_date_gmt="2031-01-01 00:00:00", wp__post_id="9")
    plain = item(term("category", "uncategorized", "Uncategorized"), wp__post_id="10", dc__creator="")

    export = export_of(tmp_path, draft, page, later, plain, channel=CHANNEL)

    assert set(export.redirects.values()) == {"/archive/2023"}


def test_categories_that_are_part_of_each_other_end(tmp_path: Path) -> None:
    ring = "".join(
        f"<wp:category><wp:category_nicename>{one}</wp:category_nicename><wp:category_parent>{other}"
        f"</wp:category_parent><wp:cat_name>{one}</wp:cat_name></wp:category>"
        for one, other in (("a", "b"), ("b", "a"))
    )
    export = export_of(tmp_path, item(term("category", "a", "a")), channel=ring)

    assert "/category/a/" in old_addresses(export, "/tags/a")
