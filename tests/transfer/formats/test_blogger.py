from datetime import UTC, datetime
from pathlib import Path
from unicodedata import normalize

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.formats import blogger
from feedserver.transfer.formats.blogger_pictures import largest
from feedserver.transfer.items import ImportedThought
from tests.support.exports import SAMPLES, is_recognised, read

SAMPLE = SAMPLES / "blogger/own-blogger-atom.xml"
BLOG = "tag:blogger.com,1999:blog-1000000000000000001"
POST, DRAFT = f"{BLOG}.post-2000000000000000001", f"{BLOG}.post-2000000000000000002"
PAGE = f"{BLOG}.page-3000000000000000001"
TAKEOUT = """<?xml version='1.0' encoding='utf-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-5</id><title>Meadow</title>
<entry><id>tag:blogger.com,1999:blog-5.post-1</id><blogger:type>POST</blogger:type>
<blogger:status>LIVE</blogger:status><author><name>Mara</name><blogger:type>BLOGGER</blogger:type></author>
<title>Spring</title><content type='html'>&lt;img src="https://1.bp.blogspot.com/-a/b/c/s320/a%20b.jpg"&gt;</content>
<blogger:metaDescription>Larks</blogger:metaDescription><published>2020-01-02T10:00:00Z</published>
<category scheme='tag:blogger.com,1999:blog-5' term='larks'/><blogger:filename>/2020/01/spring.html</blogger:filename>
<link/><enclosure/><blogger:trashed/></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-2</id><blogger:type>POST</blogger:type>
<blogger:status>DRAFT</blogger:status><title>Draft</title><content type='html'>Not yet</content></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-3</id><blogger:type>POST</blogger:type>
<blogger:status>SOFT_TRASHED</blogger:status><title>Bin</title><content type='html'>No more</content></entry>
<entry><id>tag:blogger.com,1999:blog-5.page-4</id><blogger:type>PAGE</blogger:type>
<blogger:status>LIVE</blogger:status><title>About</title><content type='html'>Me</content>
<blogger:filename>/p/about.html</blogger:filename></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-11</id><blogger:parent>tag:blogger.com,1999:blog-5.post-1</blogger:parent>
<blogger:inReplyTo/><blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>
<author><name>Ann</name></author><content type='html'>Hello</content><published>2020-01-03T10:00:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-12</id><blogger:parent>tag:blogger.com,1999:blog-5.post-1</blogger:parent>
<blogger:inReplyTo>tag:blogger.com,1999:blog-5.post-11</blogger:inReplyTo><blogger:type>COMMENT</blogger:type>
<blogger:status>PENDING</blogger:status><content type='html'>Waits</content>
<published>2020-01-03T11:00:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-13</id><blogger:parent>tag:blogger.com,1999:blog-5.post-1</blogger:parent>
<blogger:type>COMMENT</blogger:type><blogger:status>EMPTIED</blogger:status><content type='html'>Gone</content>
<published>2020-01-03T11:00:00Z</published></entry>
<entry><id>tag:blogger.com,1999:blog-5.post-14</id><blogger:parent>tag:blogger.com,1999:blog-5.post-1</blogger:parent>
<blogger:type>COMMENT</blogger:type><blogger:status>SPAM</blogger:status><content type='html'>Pills</content>
<published>2020-01-03T11:00:00Z</published></entry>
</feed>
"""


def test_lists_of_labels_months_and_years_lead_to_ours(tmp_path: Path) -> None:
    assert read(blogger, SAMPLE, tmp_path).redirects == {
        "/search/label/larks%20%26%20swallows": "/tags/larks%20%26%20swallows",
        "/search/label/%C3%84%C3%A4kk%C3%B6set": "/tags/%C3%84%C3%A4kk%C3%B6set",
        "/2011/": "/archive/2011",
        "/2011/06/": "/archive/2011",
    }


def test_posts_pages_and_comments(tmp_path: Path) -> None:
    export = read(blogger, SAMPLE, tmp_path)

    assert (export.origin.name, export.origin.url) == (BLOG, "https://oldmeadow.example.com/")
    assert export.origin.settings == {"site.title": "Old Meadow"}
    post = export.post(POST)
    assert (post.title, post.slug, post.guid) == ("A late evening: 5 < 7", "late-evening", POST)
    assert post.url == "https://oldmeadow.example.com/2011/06/late-evening.html"
    assert post.addresses == (f"{post.url}?m=1",)
    assert post.published_at == datetime(2011, 6, 20, 20, 32, tzinfo=UTC)
    assert (post.tags, post.authors) == (("larks & swallows", "Ääkköset"), ("Mara Field",))
    assert post.text.startswith("First line<br /><br /><div class=")
    assert {one.key: (one.state, one.page) for one in export.posts} == {
        POST: ("published", False),
        DRAFT: ("draft", False),
        PAGE: ("published", True),
    }
    assert (export.post(DRAFT).title, export.post(DRAFT).url) == ("", None)
    assert export.thoughts == [
        ImportedThought(
            key=f"{BLOG}.post-4000000000000000001",
            where="line 27, comment 4000000000000000001",
            kind="comment",
            state="shown",
            at=datetime(2011, 6, 22, 5, tzinfo=UTC),
            text="Lovely evening indeed.",
            post=POST,
            author_name="Ann Reader",
            author_url="https://ann.example.org/",
        ),
        ImportedThought(
            key=f"{BLOG}.post-4000000000000000002",
            where="line 33, comment 4000000000000000002",
            kind="comment",
            state="shown",
            at=datetime(2011, 6, 22, 6, tzinfo=UTC),
            text="An answer to Ann.",
            post=POST,
            parent=f"{BLOG}.post-4000000000000000001",
            author_name="Mara Field",
        ),
    ]
    assert export.told("left out") == ["Template: Old Meadow", "The name of the blog"]
    assert "@" not in str(export.items)


def test_the_large_picture_takes_the_place_of_the_small_one(tmp_path: Path) -> None:
    export = read(blogger, SAMPLE, tmp_path)

    (picture,) = export.media
    assert picture.urls == ("https://bp.example.com/s1600/lark.jpg",)
    assert "s320" not in export.post(POST).text


@pytest.mark.parametrize(
    ("address", "large"),
    [
        ("https://1.bp.blogspot.com/-a/b/c/s72-c/x.JPG", "https://1.bp.blogspot.com/-a/b/c/s1600/x.JPG"),
        ("https://1.bp.blogspot.com/-a/w640-h480-rw/x.png", "https://1.bp.blogspot.com/-a/s1600/x.png"),
        ("https://lh3.googleusercontent.com/a-b_c=w400-h300", "https://lh3.googleusercontent.com/a-b_c=s1600"),
        ("https://lh3.googleusercontent.com/a-b_c", "https://lh3.googleusercontent.com/a-b_c"),
        ("https://a.example/s320/page", "https://a.example/s320/page"),
        ("https://a.example/s1/x.jpg", "https://a.example/s1/x.jpg"),
    ],
)
def test_sizes_of_pictures(address: str, large: str) -> None:
    assert largest(f'<img src="{address}">') == f'<img src="{large}">'


def test_what_takeout_gives(tmp_path: Path) -> None:
    blog = tmp_path / "Takeout/Blogger/Blogs/Meadow"
    blog.mkdir(parents=True)
    (blog / "feed.atom").write_text(TAKEOUT)
    album = tmp_path / "Takeout/Blogger/Albums/Meadow"
    album.mkdir(parents=True)
    (album / "a b.jpg").write_bytes(b"x")

    export = read(blogger, tmp_path / "Takeout", tmp_path)

    assert is_recognised(blogger, tmp_path / "Takeout", tmp_path)
    assert {one.key.rpartition("-")[2]: (one.state, one.url) for one in export.posts} == {
        "1": ("published", "/2020/01/spring.html"),
        "2": ("draft", None),
        "3": ("deleted", None),
        "4": ("published", "/p/about.html"),
    }
    post = export.posts[0]
    assert (post.tags, post.summary, post.slug, post.authors) == (("larks",), "Larks", "spring", ("Mara",))
    assert [one.file for one in export.media] == ["Blogger/Albums/Meadow/a b.jpg"]
    assert [(one.key[-2:], one.post, one.parent, one.state) for one in export.thoughts] == [
        ("11", "tag:blogger.com,1999:blog-5.post-1", None, "shown"),
        ("12", "tag:blogger.com,1999:blog-5.post-1", "tag:blogger.com,1999:blog-5.post-11", "held"),
        ("14", "tag:blogger.com,1999:blog-5.post-1", None, "spam"),
    ]


def test_a_picture_of_an_album_is_found_in_either_unicode_form(tmp_path: Path) -> None:
    (tmp_path / "Takeout/Albums").mkdir(parents=True)
    (tmp_path / "Takeout/feed.atom").write_text(TAKEOUT.replace("a%20b", "M%C3%B6we"))
    (tmp_path / f"Takeout/Albums/{normalize('NFD', 'Möwe')}.jpg").write_bytes(b"x")

    (found,) = read(blogger, tmp_path / "Takeout", tmp_path).media

    assert found.file == f"Albums/{normalize('NFD', 'Möwe')}.jpg"


def test_a_cut_file_is_damaged_and_gives_what_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "blog.xml"
    whole = SAMPLE.read_text("utf-8")
    file.write_text(whole[: whole.index("A draft without title")])

    with pytest.raises(ImportDamaged):
        read(blogger, file, tmp_path)
    export = read(blogger, file, tmp_path, forgiving=True)

    assert [post.key for post in export.posts] == [POST]
    assert "the file ends early" in export.told("mended")


def test_another_feed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    file.write_text("<feed xmlns='http://www.w3.org/2005/Atom'><id>x</id></feed>")

    assert not is_recognised(blogger, file, tmp_path)
    with pytest.raises(ImportRefused, match="no export of Blogger"):
        read(blogger, file, tmp_path)
