import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.posts.model import Enclosure
from feedserver.transfer.formats import feed
from feedserver.transfer.items import ImportedPost
from tests.support.exports import SAMPLES, Export, is_recognised, read

RSS = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>Meadow</title><link>https://old.example/</link><language>fi</language>
<atom:link rel="self" href="https://old.example/rss"/>{}</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"{}><title type="html">Old &amp;amp; new</title>
<link href="https://old.example/"/><link rel="self" href="https://old.example/atom"/>{}</feed>"""


def export_of(tmp_path: Path, document: str, **options: Any) -> Export:
    file = tmp_path / "feed.xml"
    file.write_text(document)
    return read(feed, file, tmp_path, **options)


def item(tmp_path: Path, inner: str) -> ImportedPost:
    (post,) = export_of(tmp_path, RSS.format(f"<item>{inner}</item>")).posts
    return post


def entry(tmp_path: Path, inner: str, root: str = "", attributes: str = "") -> ImportedPost:
    (post,) = export_of(tmp_path, ATOM.format(root, f"<entry{attributes}><id>tag:x</id>{inner}</entry>")).posts
    return post


def test_a_podcast_keeps_its_ids_and_its_sound(tmp_path: Path) -> None:
    export = read(feed, SAMPLES / "feeds/libsyn-podcast.xml", tmp_path)

    post = export.posts[0]
    assert (post.guid, post.title, post.url) == ("abcd1234-f43c-407f-b3d7-01245e0e890f", "Lorem Ipsum", None)
    assert post.enclosures == (
        Enclosure(
            "https://traffic.libsyn.com/secure/exampleshow/lorem-ipsum.mp3?dest-id=123456", "audio/mpeg", 7_134_740
        ),
    )
    assert (post.fields["itunes_duration"], post.fields["itunes_season"]) == ("24:51", "3")
    assert post.published_at == datetime(2020, 8, 10, 7, tzinfo=UTC)
    assert len(export.posts) == 2
    assert export.remarks == []
    assert "person@example.com" not in str(export.items)


def test_an_ill_formed_feed_is_mended_with_forgiveness_only(tmp_path: Path) -> None:
    file = SAMPLES / "feeds/medium-rss.xml"

    with pytest.raises(ImportDamaged, match=r"medium-rss\.xml, line 31: not well-formed"):
        read(feed, file, tmp_path)
    export = read(feed, file, tmp_path, forgiving=True)

    assert [post.guid for post in export.posts] == [
        "https://medium.com/p/50703370aea7",
        "https://medium.com/p/1cdf174bc674",
    ]
    assert export.posts[0].text.endswith("<p>The quick brown fox jumps over the lazy dog</p>")
    assert export.posts[1].updated_at == datetime(2022, 11, 11, 9, 33, 39, tzinfo=UTC)
    assert [one.where for one in export.remarks] == ["line 31"]


def test_what_a_feed_says_of_its_site(tmp_path: Path) -> None:
    export = export_of(tmp_path, RSS.format("<item><title>One</title><guid>1</guid></item>"))

    assert (export.origin.name, export.origin.url) == ("https://old.example/", "https://old.example/")
    assert export.origin.feeds == {"https://old.example/rss": "rss"}
    assert export.origin.settings == {"site.title": "Meadow", "site.language": "fi"}
    assert export.posts[0].lang == "fi"


def test_the_text_is_the_whole_one_and_the_description_its_summary(tmp_path: Path) -> None:
    post = item(
        tmp_path,
        "<description>Short &amp;amp; good</description>"
        '<content:encoded><![CDATA[<p onclick="x">Long</p><my-tag/>]]></content:encoded>',
    )

    assert (post.text, post.summary) == ('<p onclick="x">Long</p><my-tag/>', "Short & good")


@pytest.mark.parametrize("description", ["Long words …", "Long words [...]", "Long words and mor&lt;b>e&lt;/b>"])
def test_a_description_that_is_the_beginning_of_the_text_is_no_summary(description: str, tmp_path: Path) -> None:
    content = "<content:encoded>&lt;p>Long words and more&lt;/p></content:encoded>"

    assert item(tmp_path, f"<description>{description}</description>{content}").summary is None


def test_a_text_that_may_be_cut_is_told(tmp_path: Path) -> None:
    document = RSS.format("<item><guid>1</guid><description>&lt;p>Words&lt;/p></description></item>")

    export = export_of(tmp_path, document)

    assert export.posts[0].text == "<p>Words</p>"
    assert export.told("changed") == ["its text", "an entry without a date"]


@pytest.mark.parametrize(
    ("inner", "guid", "url"),
    [
        ("<guid>https://old.example/1</guid>", "https://old.example/1", "https://old.example/1"),
        ('<guid isPermaLink="false">https://x.example/1</guid>', "https://x.example/1", None),
        ("<guid>abc</guid><link>/2?utm_source=rss</link>", "abc", "https://old.example/2?utm_source=rss"),
        ("<link>https://old.example/3</link>", "https://old.example/3", "https://old.example/3"),
    ],
)
def test_ids_and_addresses(inner: str, guid: str, url: str | None, tmp_path: Path) -> None:
    post = item(tmp_path, f"<title>Words</title>{inner}")

    assert (post.guid, post.key, post.url) == (guid, guid, url)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("<author>ann@example.org (Ann Reader)</author>", ("Ann Reader",)),
        ("<author>ann@example.org</author>", ()),
        ("<dc:creator>Ann</dc:creator><dc:creator>Bo</dc:creator>", ("Ann", "Bo")),
    ],
)
def test_authors_come_without_their_mail_addresses(author: str, names: tuple[str, ...], tmp_path: Path) -> None:
    assert item(tmp_path, f"<guid>1</guid>{author}").authors == names


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("5 &lt; 7", "5 < 7"),
        ("An &lt;em>old&lt;/em> one", "An old one"),
        ("The &lt;div> element", "The <div> element"),
    ],
)
def test_titles_may_hold_html(written: str, title: str, tmp_path: Path) -> None:
    assert item(tmp_path, f"<guid>1</guid><title>{written}</title>").title == title


def test_an_entry_of_atom(tmp_path: Path) -> None:
    post = entry(
        tmp_path,
        '<title type="html">One &amp;lt; two</title><link href="/2020/one.html"/><published>2020-01-02T03:04:05+02:00'
        "</published><updated>2020-02-03T00:00:00Z</updated><author><name>Ann</name><email>ann@example.org</email>"
        '</author><category term="larks" label="Larks"/>'
        '<link rel="enclosure" href="a.mp3" type="audio/mpeg" length="x"/>'
        '<content type="html">&lt;p>Words&lt;/p></content><summary>Some</summary>',
    )

    assert post == ImportedPost(
        key="tag:x",
        where=post.where,
        title="One < two",
        text="<p>Words</p>",
        format="html",
        state="published",
        url="https://old.example/2020/one.html",
        guid="tag:x",
        slug="one",
        published_at=datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC),
        updated_at=datetime(2020, 2, 3, tzinfo=UTC),
        tags=("Larks",),
        authors=("Ann",),
        summary="Some",
        enclosures=(Enclosure("https://old.example/a.mp3", "audio/mpeg", 0),),
    )


@pytest.mark.parametrize(
    ("content", "html"),
    [
        (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a<br/>&lt;b></p></div></content>',
            "<div><p>a<br>&lt;b&gt;</p></div>",
        ),
        ("<content>5 &lt; 7\n\nTwo</content>", "<p>5 &lt; 7</p>\n<p>Two</p>"),
        ('<content type="html">&lt;!-- x -->&lt;P>a&lt;br></content>', "<!-- x --><P>a<br>"),
    ],
)
def test_texts_of_atom_are_html_whatever_their_type(content: str, html: str, tmp_path: Path) -> None:
    assert entry(tmp_path, content).text == html


@pytest.mark.parametrize(
    ("root", "attributes", "base"),
    [
        ("", "", "https://old.example/"),
        (' xml:base="https://old.example/blog/"', "", "https://old.example/blog/"),
        (' xml:base="/blog/"', ' xml:base="2020/"', "https://old.example/blog/2020/"),
    ],
)
def test_relative_addresses_are_below_the_base_of_the_feed(
    root: str, attributes: str, base: str, tmp_path: Path
) -> None:
    content = '<content type="html">&lt;img src="a.png"> &lt;a href="#b">b&lt;/a></content>'

    assert entry(tmp_path, content, root, attributes).text == f'<img src="{base}a.png"> <a href="#b">b</a>'


@pytest.mark.parametrize(
    ("root", "attributes", "link", "content", "url", "address"),
    [
        ("https://at.example/", "", "", "https://at.example/2020/", "https://at.example/one", "2020/two"),
        ("https://at.example/blog/", "2020/", "", "sub/", "https://at.example/blog/2020/one", "blog/2020/sub/two"),
        ("https://at.example/blog/", "2020/", "x/", "", "https://at.example/blog/2020/x/one", "blog/2020/two"),
        (
            "https://at.example/",
            "b/",
            "",
            "https://cdn.example/",
            "https://at.example/b/one",
            "https://cdn.example/two",
        ),
        ("https://at.example/", "b/", "", "https://[/", "https://at.example/b/one", "b/two"),
    ],
)
def test_each_base_is_relative_to_the_one_around_it(
    root: str, attributes: str, link: str, content: str, url: str, address: str, tmp_path: Path
) -> None:
    found = entry(
        tmp_path,
        f'<link xml:base="{link}" href="one"/><link rel="enclosure" xml:base="{link}" href="a.mp3"/>'
        f'<content xml:base="{content}" type="html">&lt;a href="two">b&lt;/a></content>',
        f' xml:base="{root}"',
        f' xml:base="{attributes}"',
    )

    assert found.url == url
    assert found.text == f'<a href="{urljoin("https://at.example/", address)}">b</a>'
    assert found.enclosures[0].url == urljoin(url, "a.mp3")


def test_a_content_s_base_is_not_that_of_a_link_where_nothing_says_what_that_is_relative_to(tmp_path: Path) -> None:
    content = '<link href="one"/><content xml:base="https://cdn.example/" type="html">Words</content>'
    feed_without_address = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id>{content}</entry></feed>'

    assert export_of(tmp_path, feed_without_address).posts[0].url == "one"


def test_bases_hold_in_rss_too(tmp_path: Path) -> None:
    both = (
        '<link xml:base="/blog/">one</link><description xml:base="/no/">Short</description>'
        '<content:encoded xml:base="https://cdn.example/a/">&lt;img src="b.png"></content:encoded>'
    )
    short = '<link>one</link><description xml:base="a/">&lt;img src="b.png"></description>'

    found = [item(tmp_path, inner) for inner in (both, short)]
    assert [(post.url, post.text) for post in found] == [
        ("https://old.example/blog/one", '<img src="https://cdn.example/a/b.png">'),
        ("https://old.example/one", '<img src="https://old.example/a/b.png">'),
    ]


def test_rss_1_and_rss_0_91_with_a_doctype(tmp_path: Path) -> None:
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title>'
        '<link>https://old.example/</link></channel><item rdf:about="https://old.example/1"><title>One</title>'
        "<link>https://old.example/1</link><dc:date>2005-01-02T03:04:05Z</dc:date></item></rdf:RDF>"
    )
    old = (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
        '<rss version="0.91"><channel><item><title>One</title><link>https://old.example/1</link></item></channel></rss>'
    )

    for document in (rdf, old):
        (post,) = export_of(tmp_path, document).posts
        assert (post.guid, post.url, post.title) == ("https://old.example/1", "https://old.example/1", "One")
        assert is_recognised(feed, tmp_path / "feed.xml", tmp_path)


def test_older_entries_elsewhere_are_told(tmp_path: Path) -> None:
    export = export_of(tmp_path, ATOM.format("", '<link rel="next" href="https://old.example/atom?2"/>'))

    assert export.told("left out") == ["the entries at https://old.example/atom?2"]


def json_feed(tmp_path: Path, *items: Any) -> Export:
    file = tmp_path / "feed.json"
    site = {"title": "Meadow", "home_page_url": "https://old.example/", "feed_url": "https://old.example/feed.json"}
    file.write_text(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, **site, "language": "fi"})
    )
    assert is_recognised(feed, file, tmp_path)
    return read(feed, file, tmp_path)


def test_a_json_feed(tmp_path: Path) -> None:
    export = json_feed(
        tmp_path,
        {
            "id": 7,
            "url": "https://old.example/2020/one/",
            "title": "One",
            "content_html": '<img src="a.png">',
            "summary": "Some",
            "image": "b.png",
            "external_url": "https://x.example/",
            "date_published": "2020-01-02T03:04:05Z",
            "authors": [{"name": "Ann"}],
            "tags": ["larks", 5, None],
            "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5}],
        },
        {"id": "2", "content_text": "5 < 7\nnew", "author": {"name": "Bo"}},
        {"title": []},
    )

    one, two = export.posts
    assert (one.guid, one.slug, one.summary, one.lang, one.tags) == ("7", "one", "Some", "fi", ("larks", "5"))
    assert one.text == (
        '<figure><img src="https://old.example/2020/one/b.png" alt=""></figure>\n'
        '<img src="https://old.example/2020/one/a.png">'
    )
    assert one.enclosures == (Enclosure("https://old.example/a.mp3", "audio/mpeg", 5),)
    assert (one.fields, one.authors, two.authors) == ({"external_url": "https://x.example/"}, ("Ann",), ("Bo",))
    assert two.text == "<p>5 &lt; 7<br>\nnew</p>"
    assert export.origin.feeds == {"https://old.example/feed.json": "json"}
    assert export.told("left out") == ["an entry"]


def test_several_documents_of_one_feed(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for number in (1, 2):
        (pages / f"page{number}.xml").write_text(RSS.format(f"<item><guid>{number}</guid></item>"))

    export = read(feed, pages, tmp_path)

    assert [post.guid for post in export.posts] == ["1", "2"]
    assert is_recognised(feed, pages, tmp_path)


def test_feeds_of_two_sites_are_refused(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in ("one", "two"):
        (pages / f"{name}.xml").write_text(RSS.format("").replace("old.example", f"{name}.example"))

    with pytest.raises(ImportRefused, match=r"two\.xml: a feed of another site than https://one\.example/"):
        read(feed, pages, tmp_path)


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 10 Aug 2020 07:00:00 +0200", datetime(2020, 8, 10, 5, tzinfo=UTC)),
        ("10 Aug 2020 07:00 GMT", datetime(2020, 8, 10, 7, tzinfo=UTC)),
        ("2020-08-10T07:00:00Z", datetime(2020, 8, 10, 7, tzinfo=UTC)),
        ("August 10, 2020 7:00 AM", datetime(2020, 8, 10, 7, tzinfo=UTC)),
        ("Mon, 10 Aug 2020 07:00:00 GMT -0200", datetime(2020, 8, 10, 7, tzinfo=UTC)),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("Mon, 30 Nov -0001 00:00:00 +0000", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_may_have_any_form_that_means_one(date: str, moment: datetime | None, tmp_path: Path) -> None:
    export = export_of(tmp_path, RSS.format(f"<item><guid>1</guid><pubDate>{date}</pubDate></item>"))

    assert export.posts[0].published_at == moment
    assert export.told("changed") == ([] if moment else ["an entry without a date"])


def test_a_feed_beside_other_files_is_not_taken_for_the_export(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(RSS.format(""))
    (tmp_path / "post.md").write_text("Words")

    assert not is_recognised(feed, tmp_path, tmp_path)


@pytest.mark.parametrize(
    "document",
    [
        '<rss xmlns:wp="http://wordpress.org/export/1.2/"/>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:b="http://schemas.google.com/blogger/2018"/>',
        "<disqus/>",
        "<html/>",
        '{"version": 1}',
        "",
        "\x00\x01",
    ],
)
def test_other_exports_are_not_taken_for_feeds(document: str, tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    file.write_text(document)

    assert not is_recognised(feed, file, tmp_path)


@pytest.mark.parametrize("document", ["<html/>", "words", "", '<!DOCTYPE x [<!ENTITY a "b">]><rss><channel/></rss>'])
def test_what_is_no_feed_is_refused_in_one_line(document: str, tmp_path: Path) -> None:
    for forgiving in (False, True):
        with pytest.raises(ImportRefused) as refused:
            export_of(tmp_path, document, forgiving=forgiving)

        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["http://[", "//[x", "http://a.example:x/", "http://\x7f", "::", "http://a.example]/"]
)
def test_addresses_that_are_none_stop_nothing(address: str, tmp_path: Path) -> None:
    entry = (
        f'<entry xml:base="{address}"><id>1</id><link href="{address}"/><content type="html">Words</content></entry>'
    )
    document = ATOM.format(f' xml:base="{address}"', entry).replace("https://old.example/", address)

    assert [post.text for post in export_of(tmp_path, document).posts] == ["Words"]
