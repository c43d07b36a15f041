"""How pictures and files of the site stand in the HTML of a text."""

from dataclasses import replace

import pytest

from feedserver.media.markup import addresses, markdown, with_media
from feedserver.media.model import Media
from feedserver.media.references import Find, Use
from tests.media.builders import file, picture

ROOF = picture("roof.jpg", alt="A roof")
SMALL = picture("dot.png", 40, 30)
DOT = Media(**{name: getattr(SMALL, name) for name in Media.__dataclass_fields__ if name != "copies"})
TALK = file("talk.pdf")
LINK = f'<a href="../{ROOF.path}">'
COPY = f"../{ROOF.copies[-1].path}"


def find(address: str, _use: Use) -> Media | None:
    return {"roof.jpg": ROOF, "dot.png": DOT, "talk.pdf": TALK}.get(address.partition("#")[0])


def on_page(html: str, find: Find = find) -> str:
    return with_media(html, find, "../", for_pages=True)


def in_feed(html: str) -> str:
    return with_media(html, find, "../", for_pages=False)


def test_in_feeds_a_picture_stands_as_its_smaller_copy_with_its_size_and_a_link_to_the_large_one() -> None:
    assert in_feed('<p><img src="roof.jpg" alt="Ours"></p>') == (
        f'<p>{LINK}<img src="{COPY}" alt="Ours" width="1600" height="1200"></a></p>'
    )


def test_on_pages_it_has_several_sizes_to_choose_from() -> None:
    small, large = ROOF.copies

    found = on_page('<img src="roof.jpg" alt="Ours">')

    assert f'srcset="../{small.path} 400w, ../{large.path} 1600w, ../{ROOF.path} 4000w"' in found
    assert 'sizes="(max-width: 41rem) 100vw, 41rem"' in found


def test_a_browser_expects_the_width_that_the_author_gave() -> None:
    assert 'sizes="300px"' in on_page('<img src="roof.jpg" width="300">')
    assert 'sizes="400px"' in on_page('<img src="roof.jpg" height="300px">')
    assert 'sizes="(max-width' in on_page('<img src="roof.jpg" width="50%">')
    assert 'sizes="(max-width' in on_page('<img src="roof.jpg" width="900">')


@pytest.mark.parametrize(("width", "height"), [(1600, 1200), (1000, 500), (500, 300)])
def test_a_picture_that_is_not_too_large_stands_as_itself_and_browsers_may_choose_a_smaller_copy(
    width: int, height: int
) -> None:
    small = replace(picture("mid.jpg", width, height).copies[0], width=320, height=round(320 * height / width))
    mid = replace(picture("mid.jpg", width, height), copies=(small,))

    found = on_page('<img src="mid.jpg" alt="">', lambda *_: mid)

    assert found.startswith(
        f'<img src="../{mid.path}" alt="" width="{width}" height="{height}" srcset="../{small.path}'
    )
    assert f"../{mid.path} {width}w" in found


def test_all_but_the_first_picture_are_loaded_late() -> None:
    found = on_page('<img src="roof.jpg"><img src="roof.jpg"><img src="roof.jpg" loading="eager">')

    assert [part.partition(">")[0].count('loading="lazy"') for part in found.split("<img")[1:]] == [0, 1, 0]


def test_a_picture_without_smaller_copies_stands_alone_with_its_size() -> None:
    assert in_feed('<img src="dot.png" alt="">') == f'<img src="../{DOT.path}" alt="" width="40" height="30">'


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ('width="400"', 'width="400" height="300"'),
        ('height="30px"', 'height="30px" width="40"'),
        ('width="50%"', 'width="50%"'),
        ('width="7" height="9"', 'width="7" height="9"'),
    ],
)
def test_the_size_that_the_author_wrote_is_respected(written: str, size: str) -> None:
    assert in_feed(f'<img src="dot.png" alt="" {written}>') == f'<img src="../{DOT.path}" alt="" {size}>'


def test_no_link_is_put_into_a_link() -> None:
    assert in_feed('<a href="/x"><b><img src="roof.jpg" alt="b"></b></a>').count("<a ") == 1


def test_the_alternative_text_of_the_picture_is_taken_where_the_text_has_none() -> None:
    assert 'alt="A roof"' in in_feed('<img src="roof.jpg" alt="">')
    assert 'alt="A roof"' in in_feed('<img src="roof.jpg">')
    assert 'alt="Ours"' in in_feed('<img src="roof.jpg" alt="Ours">')
    assert 'alt=""' in in_feed('<img src="dot.png">')


def test_links_films_and_sets_of_sources_lead_to_the_stored_files() -> None:
    assert in_feed('<a href="talk.pdf#page=2">x</a>') == f'<a href="../{TALK.path}#page=2">x</a>'
    assert in_feed('<video src="talk.pdf" poster="roof.jpg"></video>') == (
        f'<video src="../{TALK.path}" poster="../{ROOF.path}"></video>'
    )
    found = on_page('<picture><source srcset="roof.jpg 2x, other.jpg"><img src="roof.jpg" alt="b"></picture>')
    assert found.startswith(f'{LINK}<picture><source srcset="../{ROOF.path} 2x, other.jpg"><img src="{COPY}"')
    assert found.count("srcset") == 1


def test_a_page_at_the_root_of_the_site_names_them_from_there() -> None:
    assert with_media('<img src="dot.png" alt="">', find, "", for_pages=True).startswith(f'<img src="{DOT.path}"')


@pytest.mark.parametrize(
    "html",
    [
        "<P>A &copy; <B>bold</B>\n<pre>\n\nx</pre>",
        "<p>One<p>Two<img src='other.jpg' ALT=x>",
        "</div><i>open",
        '<a href="other">x</a>',
    ],
)
def test_a_text_without_any_stays_as_it_is_byte_for_byte(html: str) -> None:
    assert on_page(html) == in_feed(html) == html


def test_a_text_that_a_browser_would_repair_is_repaired() -> None:
    assert in_feed('<p>a<i>b</p>c<img src="dot.png" alt="">').startswith("<p>a<i>b</i></p><i>c<img")


def test_all_addresses_that_may_mean_a_file_are_found() -> None:
    html = '<img src=a srcset="b 1x, c 2x"><a href=d>x</a><audio src=e></audio><video poster=f><source src=g></video>'

    assert set(addresses(html)) == {("d", "linked"), *((one, "shown") for one in "abcefg")}


def test_the_line_for_a_document_shows_a_picture_or_links_to_a_file() -> None:
    assert markdown(picture("roof.jpg", alt="[A] *roof*")) == f"![\\[A\\] \\*roof\\*](/{ROOF.path})"
    assert markdown(TALK) == f"[talk.pdf](/{TALK.path})"
