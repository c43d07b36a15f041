import time

import pytest

from feedserver.transfer.formats import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; two</p><p>Three<br>four</p>", "One & two\n\nThree\nfour"),
        ("<p>One</p>\n\n<p>Two\nlines</p>\n", "One\n\nTwo lines"),
        ("1 &lt; 2, &lt;script&gt;", "1 < 2, <script>"),
        ("See <a href='https://a.example/b'>this</a>.", "See this (https://a.example/b)."),
        ("<a href='https://a.example/b'>https://a.example/b</a>!", "https://a.example/b!"),
        ("<a href='https://a.example/b/c'>a.example/b</a>", "https://a.example/b/c"),
        ("<a href='https://a.example/'>a</a>", "a (https://a.example/)"),
        ("<a href='http://a.example/b/c'>http://a.example/b...</a>", "http://a.example/b/c"),
        (
            "<a href='https://a.example/'><img src='https://a.example/x.png' alt='Roof'></a>",
            "Roof (https://a.example/)",
        ),
        ("<img src='https://a.example/x.png' alt='Roof'>", "Roof (https://a.example/x.png)"),
        ("Write <a href='mailto:a@b.example'>me</a>, <a href='javascript:alert(1)'>or not</a>", "Write me, or not"),
        ("<a href='https://a.example/'>un<p>closed</p>", "un (https://a.example/)\n\nclosed"),
        ("<blockquote><p>Said</p><p>she</p></blockquote>No", "> Said\n>\n> she\n\nNo"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("Lovely <script>alert(1)</script><style>p{}</style>larks", "Lovely larks"),
        ("<!-- note -->words", "words"),
        ("<p> </p>\u200b", ""),
        ("a\u202eb", "ab"),
    ],
)
def test_the_words_of_html_keep_paragraphs_and_the_addresses_of_links(html: str, text: str) -> None:
    assert plain.of_html(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("One\ntwo\n\n\n\nthree", "One\ntwo\n\nthree"),
        ("One\r\ntwo", "One\ntwo"),
        ("One<br />\ntwo", "One\ntwo"),
        ("<p>One</p>\n<p>two</p>", "One\n\ntwo"),
        ("I <em>do</em>\nlike it", "I do\nlike it"),
    ],
)
def test_line_breaks_stay_where_comments_were_typed_as_text(html: str, text: str) -> None:
    assert plain.of_html(html, keeps_lines=True) == text


def test_of_markdown_only_the_words_stay() -> None:
    source = (
        "Lovely!  \n  \nTwo **paragraphs** & <em>markup</em>, 1 < 2.\nA [link](https://a.example/) [&#8230;]\n\n> Q"
    )

    assert plain.of_markdown(source) == (
        "Lovely!\n\nTwo paragraphs & markup, 1 < 2.\nA link (https://a.example/) […]\n\n> Q"
    )


def test_the_address_of_a_link_may_be_replaced() -> None:
    html = "<a href='https://track.example/?to=x'>x</a>"

    assert plain.of_html(html, address=lambda _: "https://x.example/") == "x (https://x.example/)"


def test_a_long_comment_is_whole() -> None:
    assert plain.of_html("<p>word</p>" * 20_000) == "\n\n".join(["word"] * 20_000)
    assert plain.of_html("x " * 50_000 + "end").endswith("x end")


@pytest.mark.parametrize(
    "html", ["<blockquote>" * 100_000 + "x", "<a href=x>" * 100_000, "<p>" * 200_000, "<b" * 200_000, " \n" * 200_000]
)
def test_hostile_html_takes_linear_time(html: str) -> None:
    before = time.process_time()

    plain.of_html(html, keeps_lines=True)

    assert time.process_time() - before < 3
