"""Words and pictures that readers see on the page, in feeds and excerpts; what they do not see stays out."""

import pytest

from feedserver.posts.addresses import absolute_html
from tests.posts.builders import rendered

PERMALINK = "http://h.example/posts/p"
AREA = "<math><mi>π</mi><msup><mi>r</mi><mn>2</mn></msup></math>"
ALT_FIRST = '<img alt="A roof" src="http://h.example/real.jpg">'
REAL = '<img src="http://h.example/real.jpg" alt="A roof">'


def in_feed(body: str) -> str:
    return absolute_html(rendered(body).feed_html, PERMALINK)


# --- formulas ---


def test_a_formula_stays_in_feeds_and_its_text_in_excerpts() -> None:
    body = f"The area is {AREA}, of course."

    assert in_feed(body) == f"<p>The area is {AREA}, of course.</p>"
    assert rendered(body).excerpt == "The area is πr2, of course."


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<math display="block" xmlns="http://www.w3.org/1998/Math/MathML"><mo stretchy="false">(</mo></math>',
            '<math display="block"><mo stretchy="false">(</mo></math>',
        ),
        (
            "<math><semantics><mi>x</mi><annotation>\\x</annotation>"
            '<annotation-xml encoding="text/html"><p>x</p></annotation-xml></semantics></math>',
            "<math><semantics><mi>x</mi></semantics></math>",
        ),
        ('<math><mi href="javascript:x" onclick="x()" style="a:b">x</mi></math>', "<math><mi>x</mi></math>"),
        ('<math><mi xlink:href="http://e.example/">x</mi></math>', "<math><mi>x</mi></math>"),
        (
            '<math><maction actiontype="toggle"><mi>a</mi><mi>b</mi></maction><mn>1</mn></math>',
            "<math><mi>a</mi><mn>1</mn></math>",
        ),
        ("<math><mtext>where <b>x</b></mtext></math>", "<math><mtext>where <b>x</b></mtext></math>"),
        ("<math><mtext><script>alert(1)</script>a</mtext></math>", "<math><mtext>a</mtext></math>"),
        ("<math><mfenced><mi>z</mi></mfenced></math>", "<math><mi>z</mi></math>"),
        ("<mi>stray</mi> <math><mi>x</mi></math>", "stray <math><mi>x</mi></math>"),
        ("<math><mtable><mtr><mtd>1</mtd></mtr></mtable></math>",) * 2,
    ],
    ids="attributes annotations link xlink action text script fenced stray table".split(),
)
def test_formulas_keep_what_is_safe(html: str, expected: str) -> None:
    assert in_feed(html) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<math><mtext><table><mglyph><style><math><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        '<math><annotation-xml encoding="text/html"><style><img src=x onerror=alert(1)></style></annotation-xml>',
        "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<math><mtext><svg><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
        "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    ],
)
def test_no_formula_hides_a_script(html: str) -> None:
    found = in_feed(html)

    assert "<style" not in found
    assert "<script" not in found
    assert "onerror=alert" not in found.replace("&lt;img src=1 onerror", "").replace("&lt;img src=x onerror", "")


# --- lazily loaded pictures ---


@pytest.mark.parametrize(
    "html",
    [
        "<img src='data:image/gif;base64,R0lGOD' data-src='/real.jpg' alt='A roof'>"
        "<noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img alt='A roof' class=lazy><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img data-src='/real.jpg' alt='A roof'>\n<noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img src='/blank.gif' data-src='/real.jpg'><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<noscript><img src='/real.jpg' alt='A roof'></noscript><img src='data:x' data-src='/real.jpg' alt='A roof'>",
        "<img src='/spinner.gif' class=lazy><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img src='/blank.gif' data-srcset='/s.jpg 1x'><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img src='/real.jpg' alt='A roof' loading=lazy><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img src='data:x' data-src='/real.jpg' alt='A roof'>",
        "<img src='' data-lazy-src='/real.jpg' alt='A roof'>",
        "<picture><img data-src='/real.jpg'></picture><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<picture><img data-src='/real.jpg'><noscript><img src='/real.jpg' alt='A roof'></noscript></picture>",
        "<img data-src='/small.jpg'><noscript><img src='/real.jpg' alt='A roof'></noscript>",
        "<img src='' data-src='/real.jpg' alt='A roof'><noscript><img src='//counter.example/' width=1></noscript>",
        "<noscript><img src='//counter.example/'></noscript><p><img src='' data-src='/real.jpg' alt='A roof'></p>",
    ],
    ids="both bare blanks placeholder before spinner lazy-set loaded data-src data-lazy-src picture within smaller"
    " beside-a-counter after-a-counter".split(),
)
def test_a_lazily_loaded_picture_is_in_the_feed_once(html: str) -> None:
    found = rendered(html)

    assert in_feed(html).replace("<p>", "").replace("</p>", "").replace("\n", "") == REAL
    assert found.image == "/real.jpg"


@pytest.mark.parametrize(
    "html",
    [
        "<img src='/blank.gif' data-src='/real.jpg' alt='A roof'>",
        "<img src='#' data-src='/real.jpg' alt='A roof'>",
        "<img src='about:blank' data-original='/real.jpg' alt='A roof'>",
        "<img src='data:,' data-echo='/real.jpg' alt='A roof'>",
        "<img data-flickity-lazyload='/real.jpg' alt='A roof'>",
        "<img data-lazyload='/real.jpg' alt='A roof'>",
        "<img data-lazy=true data-unheard-of='/real.jpg' alt='A roof'>",
        "<img src='/blank.gif' class='b-lazy' data-unheard-of='/real.jpg' alt='A roof'>",
        "<img src='/blank.gif' class='lazyload' data-thumb='/t.jpg' data-unheard-of='/real.jpg' alt='A roof'>",
        "<img src='/real.jpg' data-unheard-of='/other.jpg' alt='A roof'>",
        "<img src='/real.jpg' data-src='javascript:alert(1)' alt='A roof'>",
        "<img src='/real.jpg' data-src='{{ picture.url }}' alt='A roof'>",
        "<amp-img src='/real.jpg' alt='A roof' layout=fill></amp-img>",
        "<amp-img src='/real.jpg' alt='A roof'><noscript><img src='/real.jpg' alt='A roof'></noscript></amp-img>",
    ],
)
def test_a_picture_has_the_address_that_scripts_give_it(html: str) -> None:
    assert in_feed(html).replace("<p>", "").replace("</p>", "") in (REAL, ALT_FIRST)
    assert rendered(html).image == "/real.jpg"


SET = 'srcset="http://h.example/a.jpg 1x, http://h.example/b.jpg 2x"'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img alt='A' data-srcset='/a.jpg 1x, /b.jpg 2x'>", f'<img alt="A" {SET} src="http://h.example/a.jpg">'),
        (
            "<img src='data:image/gif;base64,R0' data-srcset='/a.jpg 1x, /b.jpg 2x'>",
            f'<img {SET} src="http://h.example/a.jpg">',
        ),
        ("<img src='/blank.gif' data-srcset='/a.jpg 1x, /b.jpg 2x'>", f'<img {SET} src="http://h.example/a.jpg">'),
        (
            "<img src='/blank.gif' srcset='/blank.gif 1x' data-src='/a.jpg' data-srcset='/a.jpg 1x, /b.jpg 2x'>",
            f'<img src="http://h.example/a.jpg" {SET}>',
        ),
        (
            "<picture><source data-srcset='/a.jpg 1x, /b.jpg 2x'><img alt='A' src='data:,'></picture>",
            f'<picture><source {SET}><img alt="A" {SET} src="http://h.example/a.jpg"></picture>',
        ),
    ],
    ids="bare placeholder file both picture".split(),
)
def test_a_lazily_loaded_set_of_pictures_is_in_the_feed_with_a_first_address(html: str, expected: str) -> None:
    assert in_feed(html).removeprefix("<p>").removesuffix("</p>") == expected
    assert rendered(html).image == "/a.jpg"


@pytest.mark.parametrize(
    "html", ["<iframe data-src='{}' src='about:blank'></iframe>", "<amp-iframe src='{}'></amp-iframe>"]
)
def test_a_frame_that_a_script_loads_is_a_link(html: str) -> None:
    address = "https://v.example/embed/1"

    assert f'<a href="{address}">{address}</a>' in in_feed(html.format(address))


@pytest.mark.parametrize("tag", ["video", "audio", "amp-video"])
def test_a_film_that_a_script_loads_is_in_the_feed(tag: str) -> None:
    assert ' src="http://h.example/v.mp4"' in in_feed(f"<{tag} controls data-src='/v.mp4'></{tag}>")


def test_words_after_an_element_of_amp_that_is_left_open_stay() -> None:
    assert rendered("<p><amp-img src='/a.jpg'>words</p>").excerpt == "words"


def test_a_link_around_a_lazily_loaded_picture_stays() -> None:
    html = in_feed(
        "<a href='/full'><img data-src='/real.jpg'></a>"
        "<noscript><a href='/full'><img src='/real.jpg' alt='A roof'></a></noscript>"
    )

    assert html == f'<p><a href="http://h.example/full">{REAL}</a></p>'


@pytest.mark.parametrize(
    "html",
    [
        "words <noscript><img src='https://counter.example/pixel' width=1></noscript>",
        "<img src='data:x' data-src='javascript:alert(1)'>words",
        "words <noscript>Please enable JavaScript.</noscript>",
    ],
    ids=["a counter", "a script", "words"],
)
def test_nothing_else_comes_from_where_scripts_are_off(html: str) -> None:
    found = in_feed(html)

    assert "words" in found
    assert "src=" not in found
    assert "JavaScript" not in found + rendered(html).excerpt


@pytest.mark.parametrize("html", ["<img src='data:image/gif;base64,R0lGOD'>", "<img alt=' '>"])
def test_a_picture_that_shows_and_says_nothing_leaves_the_body_empty(html: str) -> None:
    assert in_feed(html) == ""


# --- words ---


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<svg><title>no</title><text>one <tspan>two</tspan></text><text>three</text></svg>", "one two three"),
        ("<svg><foreignObject><p>one <svg><text>two</text></svg></p></foreignObject></svg>", "one two"),
        ("<xmp>one <b> two</xmp>", "one <b> two"),
        ("<textarea>one two</textarea>", "one two"),
        ("<details><summary>one</summary>two</details>", "one two"),
        ("<ruby>漢<rt>かん</rt></ruby>", "漢かん"),
        ("<button>one</button> <label>two</label> <output>three</output>", "one two three"),
        ("<dialog open>one</dialog>", "one"),
        ("<blockquote>one</blockquote><font color=red>two</font>", "one two"),
        ("<meter value=1>one</meter>", "one"),
    ],
    ids="svg foreign xmp textarea details ruby controls dialog old meter".split(),
)
def test_words_that_readers_see_are_kept(html: str, words: str) -> None:
    found = rendered(html)

    assert found.excerpt == words
    assert rendered(found.feed_html).excerpt == words


@pytest.mark.parametrize(
    "html",
    [
        "<template>unseen</template>",
        "<p hidden>unseen</p>",
        "<dialog>unseen</dialog>",
        "<select><option>unseen</select>",
        "<datalist><option>unseen</datalist>",
        "<noembed>unseen</noembed>",
        "<noframes>unseen</noframes>",
        "<title>unseen</title>",
        "<script>unseen</script>",
        "<style>unseen</style>",
        "<svg><desc>unseen</desc><title>unseen</title></svg>",
        "<math><annotation>unseen</annotation></math>",
        "<iframe src='//v.example/'>unseen</iframe>",
    ],
)
def test_words_that_readers_do_not_see_are_not_added(html: str) -> None:
    found = rendered(f"seen {html}\n\nseen {html}")

    assert "unseen" not in found.feed_html
    assert found.excerpt == "seen seen"


@pytest.mark.parametrize("tag", ["video", "audio", "canvas", "object"])
def test_words_in_place_of_a_film_are_no_part_of_the_excerpt(tag: str) -> None:
    found = rendered(f"seen <{tag} src=x>no support</{tag}>")

    assert found.excerpt == "seen"
    assert "no support" in found.feed_html


# --- what tables and other elements say ---


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("| a | b | c |\n|--:|:-:|:--|\n| 1 | 2 | 3 |", '<td align="right">1</td>\n<td align="center">2</td>'),
        ('<table><tr><td style="color:red; text-align: Right">1', '<td align="right">1</td>'),
        ('<table><tr><th colspan="2" rowspan="3" scope="row" headers="h" abbr="a">1', ' headers="h" abbr="a">1</th>'),
        ('<time datetime="2026-01-31">today</time>',) * 2,
        ("```python\nx = 1\n```", '<pre><code class="language-python">x = 1\n</code></pre>'),
        ('<pre class="language-c other"><code>x</code></pre>', '<pre class="language-c"><code>x</code></pre>'),
        ('<ol start="3" type="a" reversed=""><li value="7">x</li></ol>',) * 2,
        ('<abbr title="Really Simple">RSS</abbr>',) * 2,
        ('<del datetime="2026-01-01" cite="http://c.example/">x</del>',) * 2,
        ('<details open=""><summary>x</summary></details>',) * 2,
        ('<data value="1">one</data> <bdo dir="rtl">x</bdo>',) * 2,
        ('<p lang="de" dir="ltr" id="x">x</p>',) * 2,
    ],
)
def test_attributes_that_carry_meaning_stay_in_feeds(body: str, expected: str) -> None:
    assert expected in in_feed(body)


# --- excerpts, in which no picture is ---


@pytest.mark.parametrize(
    "picture",
    [
        "![roof](roof.jpg)",
        "![roof](roof.jpg)\n*The roof in May.*",
        "[![roof](small.jpg)](roof.jpg)\\\n*The roof, by <small>Ann</small>*",
        '<figure><img src="roof.jpg"><figcaption>The roof in May.</figcaption></figure>',
        '<figure><iframe src="//v.example/"></iframe><figcaption>A film</figcaption></figure>',
        '<p><video src="a.mp4"></video><br><i>A film</i></p>',
    ],
)
def test_an_excerpt_holds_no_words_that_are_about_a_picture_alone(picture: str) -> None:
    assert rendered(f"{picture}\n\nWe went up.\n\n{picture}\n\nAnd down.").excerpt == "We went up. And down."


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        ("![roof](roof.jpg)\n*The roof in May.*", "The roof in May."),
        ("This ![roof](roof.jpg) is *the* roof.", "This is the roof."),
        ("*All of this* stays.", "All of this stays."),
        ("<figure><pre>code</pre><figcaption>Listing</figcaption></figure>", "code Listing"),
        ("<div><img src='a.jpg'><p>words</p></div>", "words"),
    ],
    ids=["nothing else", "within a sentence", "no picture", "no picture in the figure", "beside it"],
)
def test_other_words_beside_a_picture_stay_in_the_excerpt(body: str, excerpt: str) -> None:
    assert rendered(body).excerpt == excerpt
