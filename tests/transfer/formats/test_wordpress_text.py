import time
from pathlib import Path

import pytest

from feedserver.transfer.formats.wordpress_text import Text
from feedserver.transfer.formats.wordpress_uploads import Attachment, Uploads
from tests.transfer.formats.wordpress_exports import SITE, attachment, export_of, item, meta

UPLOADS = f"{SITE}/wp-content/uploads/2023/03"


def file(number: str, name: str, used: str = "", alt: str = "", caption: str = "", parent: str = "") -> Attachment:
    return Attachment(
        id=number,
        where="",
        url=f"{UPLOADS}/{name}",
        used=f"{UPLOADS}/{used or name}",
        page=f"{SITE}/post/{number}/",
        parent=parent,
        alt=alt,
        caption=caption,
    )


def text_of(content: str, *files: Attachment, shared: dict[str, str] | None = None) -> str:
    return text(*files, shared=shared).html(content)


def text(*files: Attachment, shared: dict[str, str] | None = None) -> Text:
    uploads = Uploads(SITE, ())
    for one in files:
        uploads.add(one)
    return Text(uploads, shared or {}, "7")


# --- blocks ---


def test_blocks_lose_their_comments_and_nothing_else() -> None:
    content = (
        '<!-- wp:paragraph {"a":"--"} -->\n<p>One\n\ntwo</p>\n<!-- /wp:paragraph -->\n\n'
        "<!-- wp:x/y -->\n<hr/>\n<!-- /wp:x/y -->"
    )

    assert text_of(content) == "<p>One\n\ntwo</p>\n<hr/>"


def test_what_stands_between_blocks_is_paragraphs() -> None:
    content = (
        "Typed\nhere\n\n<!-- wp:list --><ul><!-- wp:list-item --><li>a</li><!-- /wp:list-item --></ul><!-- /wp:list -->"
    )

    assert "".join(text_of(content).split("\n")) == "<p>Typed<br>here</p><ul><li>a</li></ul>"


def test_a_block_of_the_old_editor_is_paragraphs() -> None:
    assert text_of("<!-- wp:freeform -->\nOne\n\ntwo\n<!-- /wp:freeform -->") == "<p>One</p>\n<p>two</p>"


def test_a_block_that_is_made_when_it_is_shown_is_told() -> None:
    made = text()

    assert made.html('<!-- wp:latest-posts {"n":3} /-->Words<!-- wp:core/archives /-->') == "<p>Words</p>"
    assert list(made.dynamic) == ["latest-posts", "archives"]


def test_a_block_that_several_posts_use_stands_in_each() -> None:
    shared = {"5": '<!-- wp:paragraph --><p>Shared</p><!-- /wp:paragraph --><!-- wp:block {"ref":5} /-->'}
    made = text(shared=shared)

    assert made.html('<!-- wp:block {"ref":5} /-->').count("<p>Shared</p>") == 5
    assert text_of('<!-- wp:block {"ref":6} /-->x', shared=shared) == "<p>x</p>"
    assert text_of("<!-- wp:block [5] /-->x", shared=shared) == "<p>x</p>"


def test_blocks_that_are_used_in_posts_come_from_the_export(tmp_path: Path) -> None:
    block = item(wp__post_id="30", wp__post_type="wp_block", content__encoded="<p>Shared</p>")
    export = export_of(tmp_path, item(content__encoded='<!-- wp:block {"ref":30} /-->'), block)

    assert export.post("7").text == "<p>Shared</p>"
    assert export.remarks == []


@pytest.mark.parametrize("mark", ["<!--more-->", "<!--more Read on-->", "<!-- more -->", "<!--noteaser-->"])
def test_the_mark_for_the_start_of_a_text_goes(mark: str) -> None:
    assert text_of(f"One\n\n{mark}\n\ntwo") == "<p>One</p>\n<p>two</p>"
    assert text_of(f"One {mark}two") == "<p>One two</p>"


def test_a_text_of_several_pages_is_one() -> None:
    made = text()

    assert made.html("One\n<!--nextpage-->\ntwo") == "<p>One</p>\n<p>two</p>"
    assert made.has_pages


# --- shortcodes ---


@pytest.mark.parametrize(
    ("written", "html"),
    [
        (
            '[caption id="a" width="300"]<a href="/b"><img src="/c.png"></a> A <em>roof</em>[/caption]',
            '<figure><a href="/b"><img src="/c.png"></a><figcaption>A <em>roof</em></figcaption></figure>',
        ),
        (
            '[caption caption="A roof"]<img src="/c.png">[/caption]',
            '<figure><img src="/c.png"><figcaption>A roof</figcaption></figure>',
        ),
        ('[caption]<img src="/c.png">[/caption]', '<figure><img src="/c.png"></figure>'),
        (
            "[embed width=3]https://a.example/?b=1&amp;c=2[/embed]",
            '<p><a href="https://a.example/?b=1&amp;c=2">https://a.example/?b=1&amp;c=2</a></p>',
        ),
        ("[youtube https://a.example/v]", '<p><a href="https://a.example/v">https://a.example/v</a></p>'),
        ('[audio mp3="/a.mp3" ogg="/a.ogg"][/audio]', '<figure><audio controls src="/a.mp3"></audio></figure>'),
        (
            "[audio https://a.example/a.mp3|titles=b]",
            '<figure><audio controls src="https://a.example/a.mp3"></audio></figure>',
        ),
        (
            '[video width="640" height="360" mp4="/a.mp4" poster="/a.jpg"][/video]',
            '<figure><video controls src="/a.mp4" poster="/a.jpg" width="640" height="360"></video></figure>',
        ),
        (
            '[sourcecode language="python"]\nif a < b and "x" &amp;&amp; c:\n\n    [d]\n[/sourcecode]',
            '<pre><code class="language-python">if a &lt; b and "x" &amp;&amp; c:\n\n    [d]</code></pre>',
        ),
        ("[code]a & b[/code]", "<pre><code>a &amp; b</code></pre>"),
        ("[[gallery]] and [[caption a=1]x[/caption]]", "<p>[gallery] and [caption a=1]x[/caption]</p>"),
        ("<pre>[gallery]</pre>", "<pre>[gallery]</pre>"),
        ("<code>[audio /a.mp3]</code>", "<p><code>[audio /a.mp3]</code></p>"),
        ('<img alt="[gallery]" src="/c.png">', '<p><img alt="[gallery]" src="/c.png"></p>'),
        ("[1] [sic] [...] [caption]", "<p>[1] [sic] [...] [caption]</p>"),
    ],
)
def test_shortcodes_become_html(written: str, html: str) -> None:
    assert text_of(written) == html


def test_a_gallery_shows_the_files_that_it_lists_with_what_is_said_of_them() -> None:
    made = text(file("8", "a.jpg", alt="A “roof”"), file("9", "b.jpg", caption="Its <b>door</b>"))

    assert made.html("[gallery columns=“2” ids=”9,8,10”]") == (
        "<div>\n"
        f'<figure><img src="{UPLOADS}/b.jpg" alt=""><figcaption>Its <b>door</b></figcaption></figure>\n'
        f'<figure><img src="{UPLOADS}/a.jpg" alt="A “roof”"></figure>\n'
        "</div>"
    )
    assert list(made.shortcodes.missing) == ["10"]


def test_a_gallery_without_a_list_shows_what_was_uploaded_to_the_post() -> None:
    files = [file("8", "a.jpg", parent="7"), file("9", "b.jpg", parent="6"), file("10", "c.jpg", parent="7")]

    assert text_of("[gallery]", *files).count("<img") == 2
    assert text_of('[gallery exclude="8"]', *files).count("<img") == 1
    assert text_of("[playlist]", file("8", "a.mp3", parent="7")) == (
        f'<figure><audio controls src="{UPLOADS}/a.mp3"></audio></figure>'
    )


def test_shortcodes_of_plugins_stay_and_are_told_once(tmp_path: Path) -> None:
    export = export_of(
        tmp_path, item(content__encoded='[contact-form to="x"] [contact-form to="y"] [box]z[/box] [note]')
    )

    assert export.post("7").text == '<p>[contact-form to="x"] [contact-form to="y"] [box]z[/box] [note]</p>'
    assert export.told("changed") == ["[contact-form]", "[box]"]


# --- addresses ---


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("a\nhttps://v.example/1?a=1&amp;b\nb", 'a<br>\n<a href="{0}">{0}</a><br>\nb'),
        ("https://v.example/1?a=1&amp;b", '<a href="{0}">{0}</a>'),
        ("See https://v.example/1?a=1&amp;b", "See {0}"),
        ('<a href="/x">\n{0}\n</a>', '<a href="/x"><br>\n{0}<br>\n</a>'),
        ("<b>x</b>https://v.example/1?a=1&amp;b", "<b>x</b>{0}"),
        ("https://v.example/1?a=1&amp;b<b>x</b>", "{0}<b>x</b>"),
    ],
)
def test_an_address_alone_on_its_line_is_a_link(written: str, html: str) -> None:
    url = "https://v.example/1?a=1&amp;b"

    assert text_of(written.replace("{0}", url)) == f"<p>{html.replace('{0}', url)}</p>"


def test_an_address_in_code_is_no_link() -> None:
    assert text_of("<pre>\nhttps://v.example/\n</pre>") == "<pre>\nhttps://v.example/\n</pre>"


@pytest.mark.parametrize(
    "address",
    [
        f"{UPLOADS}/meadow.jpg",
        f"{UPLOADS}/meadow-300x200.jpg",
        f"{UPLOADS}/meadow-scaled.jpg",
        f"{UPLOADS}/meadow-scaled-300x200.jpg",
        f"{UPLOADS}/meadow-rotated.jpg",
        f"{UPLOADS}/meadow-e1678888888888.jpg",
        f"{UPLOADS}/meadow-e1678888888888-150x150.jpg",
        f"{UPLOADS}/meadow.jpg?w=300&amp;h=200",
        f"{UPLOADS.replace('https', 'http')}/meadow.jpg",
        f"{UPLOADS.replace('https:', '')}/meadow-300x200.jpg",
        f"{UPLOADS.replace('//', '//www.')}/meadow-300x200.jpg",
        f"https://i0.wp.com/{UPLOADS.removeprefix('https://')}/meadow.jpg?resize=300%2C200&amp;ssl=1",
        f"{SITE}/post/5/",
        f"{SITE}/?attachment_id=5",
    ],
)
def test_every_address_of_a_picture_is_that_of_the_picture(address: str) -> None:
    html = text_of(
        f'<a href="{address}"><img src="{address}" alt="x"></a>', file("5", "meadow.jpg", "meadow-scaled.jpg")
    )

    assert html == f'<p><a href="{UPLOADS}/meadow.jpg"><img src="{UPLOADS}/meadow.jpg" alt="x"></a></p>'


@pytest.mark.parametrize(
    ("address", "original"),
    [
        (f"{UPLOADS}/meadow-300x200.jpg", f"{UPLOADS}/meadow.jpg"),
        ("/wp-content/uploads/a-300x200.png", "/wp-content/uploads/a.png"),
        ("https://i2.wp.com/old.example/wp-content/uploads/a.png?w=3", f"{SITE}/wp-content/uploads/a.png"),
        ("https://elsewhere.example/a-300x200.jpg", "https://elsewhere.example/a-300x200.jpg"),
        ("https://i0.wp.com/elsewhere.example/a.jpg?w=3", "https://i0.wp.com/elsewhere.example/a.jpg?w=3"),
        (f"{SITE}/about-300x200.jpg", f"{SITE}/about-300x200.jpg"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("http://[", "http://["),
    ],
)
def test_copies_of_files_that_the_export_does_not_tell_of_are_known_by_their_names(address: str, original: str) -> None:
    assert Uploads(SITE, ()).original(address) == original


def test_a_picture_whose_own_name_looks_like_that_of_a_copy_keeps_it() -> None:
    uploads = Uploads(SITE, ())
    uploads.add(file("5", "plan-300x200.jpg"))

    assert uploads.original(f"{UPLOADS}/plan-300x200.jpg") == f"{UPLOADS}/plan-300x200.jpg"


def test_sizes_of_copies_go_with_the_copies() -> None:
    src = f"{UPLOADS}/a-300x200.jpg"
    html = text_of(
        f'<img width="300" height=\'200\' src="{src}" srcset="{src} 300w, {UPLOADS}/a.jpg 900w" sizes="100vw" alt="x">'
        '<img src="https://b.example/b.png" srcset="https://b.example/b2.png 2x" width="3">',
        file("5", "a.jpg"),
    )

    assert html == (
        f'<p><img src="{UPLOADS}/a.jpg" alt="x">'
        '<img src="https://b.example/b.png" srcset="https://b.example/b2.png 2x" width="3"></p>'
    )


def test_the_featured_picture_is_at_the_head_unless_the_text_shows_it(tmp_path: Path) -> None:
    picture = attachment(
        "9", f"{UPLOADS}/a.jpg", meta("_wp_attachment_image_alt", "A &amp; B"), excerpt__encoded="Noon"
    )
    shown = f'<img src="{UPLOADS}/a-300x200.jpg">'
    export = export_of(
        tmp_path,
        item(meta("_thumbnail_id", "9")),
        item(meta("_thumbnail_id", "9"), wp__post_id="8", content__encoded=shown),
        item(meta("_thumbnail_id", "99"), wp__post_id="10"),
        picture,
    )

    assert export.post("7").text == (
        f'<figure><img src="{UPLOADS}/a.jpg" alt="A &amp; B"><figcaption>Noon</figcaption></figure>\n<p>Words</p>'
    )
    assert export.post("8").text == f'<p><img src="{UPLOADS}/a.jpg"></p>'
    assert export.post("10").text == "<p>Words</p>"


# --- size ---


@pytest.mark.parametrize(
    "piece",
    """[a b=1]|[a 'b|[a "|[audio /x.mp3]|[/audio]|[[|<!-- wp:|<!-- wp:a -->|<div>|</p>|<p>|<b>x\n\n|<pre>|<code>"""
    """|https://a.example/\n|<img src=''|[caption]<img|<a |[x]y[/x]|<div></p>""".split("|"),
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    def seconds(times: int) -> float:
        begun = time.process_time()
        text_of(piece * times)
        return time.process_time() - begun

    assert seconds(4000) < 8 * seconds(1000) + 0.1
