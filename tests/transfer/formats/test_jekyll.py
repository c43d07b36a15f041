"""Sites of Jekyll, and folders of its posts."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.transfer.formats import jekyll
from feedserver.transfer.imports.spool import hash_of
from feedserver.transfer.items import ImportedPost
from tests.support.exports import SAMPLES, Export, is_recognised, read
from tests.transfer.formats.folders import folder_of

HELSINKI = ZoneInfo("Europe/Helsinki")
CONFIG = "url: https://old.example\nbaseurl: /blog\ntimezone: Europe/Helsinki\ntitle: no\n"


def site(tmp_path: Path, files: dict[str, str | bytes], config: str = CONFIG) -> Export:
    return read(jekyll, folder_of(tmp_path, {"_config.yml": config, **files}), tmp_path)


def post(tmp_path: Path, text: str, name: str = "_posts/2024-03-01-larks.md", config: str = CONFIG) -> ImportedPost:
    (found,) = site(tmp_path, {name: text}, config).posts
    return found


def body(tmp_path: Path, text: str, **others: str) -> str:
    files: dict[str, str | bytes] = {name.replace("__", "/"): content for name, content in others.items()}
    files["_posts/2024-03-01-larks.md"] = f"---\n---\n{text}"
    return site(tmp_path, files).post("_posts/2024-03-01-larks.md").text


def test_samples_of_a_folder_of_posts(tmp_path: Path) -> None:
    export = read(jekyll, SAMPLES / "jekyll", tmp_path, zone=HELSINKI)

    assert {found.key: (found.url, found.slug, found.state) for found in export.posts} == {
        "2021-08-23-basic-post.md": ("/2021/08/23/basic-post.html", "basic-post", "published"),
        "2021-08-24-no-author.md": ("/2021/08/24/no-author.html", "no-author", "published"),
        "2021-08-25-relative-links.md": ("/2021/08/25/relative-links.html", "relative-links", "published"),
        "2021-9-1-alt-date-format.md": ("/2021/09/01/alt-date-format.html", "alt-date-format", "published"),
        "2022-03-10-has-html.md": ("/2022/03/10/has-html.html", "has-html", "published"),
        "2022-03-11-has-spaced-lists.md": ("/2022/03/11/has-spaced-lists.html", "has-spaced-lists", "published"),
        "2022-06-03-front-matter-tags-cats.md": (
            "/news/posts/articles/2022/06/03/front-matter-tags-cats.html",
            "front-matter-tags-cats",
            "published",
        ),
        "2022-06-05-basic.html": ("/2022/06/05/basic.html", "basic", "published"),
        "2022-06-05-published-false.md": ("/2022/06/05/published-false.html", "published-false", "draft"),
        "2022-06-06-tag-list.md": ("/cat/photos/2022/06/06/tag-list.html", "tag-list", "published"),
        "2022-06-09-basename.md": ("/2022/06/09/basename.html", "custom-basename", "published"),
        "my-first-post.md": ("/2021/11/26/my-first-post.html", "my-first-post", "published"),
        "unquoted-date.markdown": ("/2022/06/06/unquoted-date.html", "unquoted-date", "published"),
    }
    both = export.post("2022-06-03-front-matter-tags-cats.md")
    assert both.tags == ("News", "Posts", "Articles", "Lorem Ipsum", "dolor", "Simet-Amet")
    assert export.post("2022-06-06-tag-list.md").tags == ("cat", "photos", "some-word")
    assert export.post("2022-06-05-basic.html").format == "html"
    assert export.post("2021-08-23-basic-post.md").authors == ("Persons Name",)
    assert not export.remarks


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    once, again = (read(jekyll, SAMPLES / "jekyll", tmp_path).items for _ in range(2))

    assert once == again


def test_dates_without_a_zone_are_in_that_of_the_site(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "_posts/2024-7-1-name.md": "---\ntitle: a\n---\n",
            "_posts/2024-01-02-field.md": "---\ndate: 2024-07-01 00:30\nlast_modified_at: 2024-07-02\n---\n",
            "_posts/2024-01-03-offset.md": "---\ndate: 2024-06-30 23:30:00 +0000\n---\n",
        },
    )

    moments = {found.title: (found.published_at, found.updated_at) for found in export.posts}
    assert moments == {
        "a": (datetime(2024, 6, 30, 21, tzinfo=UTC), None),
        "Field": (datetime(2024, 6, 30, 21, 30, tzinfo=UTC), datetime(2024, 7, 1, 21, tzinfo=UTC)),
        "Offset": (datetime(2024, 6, 30, 23, 30, tzinfo=UTC), None),
    }
    assert {found.url for found in export.posts} == {
        f"https://old.example/blog/2024/07/01/{name}.html" for name in ("name", "field", "offset")
    }


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("date", "/birds/2024/03/01/larks.html"),
        ("pretty", "/birds/2024/03/01/larks/"),
        ("ordinal", "/birds/2024/061/larks.html"),
        ("weekdate", "/birds/2024/W09/Fri/larks.html"),
        ("none", "/birds/larks.html"),
        ("/:year/:i_month/:slug", "/2024/3/larks"),
        ("/blog/:title/", "/blog/larks/"),
        ("pretty\ncollections: {posts: {permalink: '/p/:title'}}", "/p/larks"),
        ("pretty\ndefaults: [{scope: {path: '', type: posts}, values: {permalink: '/d/:title/'}}, 5]", "/d/larks/"),
        ("none\ndefaults: [{scope: {path: 'other'}, values: {permalink: '/d/:title/'}}]", "/birds/larks.html"),
    ],
)
def test_permalinks_follow_the_settings(tmp_path: Path, pattern: str, path: str) -> None:
    found = post(tmp_path, "---\ncategory: Birds\n---\n", config=f"permalink: {pattern}\n")

    assert found.url == path


@pytest.mark.parametrize(
    ("front", "url"),
    [
        ("permalink: /larks/", "/larks/"),
        ("permalink: /:year/:title.html", "/2024/larks.html"),
        ("slug: My Larks", "/2024/03/01/My-Larks.html"),
        ("categories: [Zwei Wörter, b]", "/zwei%20w%C3%B6rter/b/2024/03/01/larks.html"),
        ("date: 2023-12-31", "/2023/12/31/larks.html"),
    ],
)
def test_permalinks_follow_the_front_matter(tmp_path: Path, front: str, url: str) -> None:
    assert post(tmp_path, f"---\n{front}\n---\n", config="title: a").url == url


def test_a_permalink_that_is_not_understood_is_told(tmp_path: Path) -> None:
    export = site(tmp_path, {"_posts/2024-03-01-a.md": "---\npermalink: /:collection/:title/\n---\n"})

    assert export.posts[0].url is None
    assert export.told("changed") == ["its address"]


def test_folders_above_posts_are_categories(tmp_path: Path) -> None:
    found = post(tmp_path, "---\ncategory: c\n---\n", "birds/small/_posts/2024-03-01-larks.md")

    assert found.tags == ("birds", "small", "c")
    assert found.url == "https://old.example/blog/birds/small/c/2024/03/01/larks.html"


def test_the_id_is_that_of_the_old_feed(tmp_path: Path) -> None:
    export = site(tmp_path, {"_posts/2024-03-01-larks.md": "---\ntitle: a\n---\n"})

    assert export.posts[0].guid == "https://old.example/blog/2024/03/01/larks"
    assert export.origin.feeds == {"https://old.example/blog/feed.xml": "atom"}
    assert export.origin.settings == {"site.title": "no", "site.timezone": "Europe/Helsinki"}


def test_drafts_and_withheld_posts_stay_private(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "_drafts/idea.md": "---\ntitle: Idea\n---\n",
            "_posts/2024-03-01-a.md": "---\npublished: false\n---\n",
            "_posts/2024-03-01-b.md": "---\nhidden: true\n---\n",
            "_posts/2024-03-01-c.md": "Jekyll passes over this",
            "_posts/undated.md": "---\ntitle: And over this\n---\n",
        },
    )

    assert {found.state for found in export.posts} == {"draft"}


DEFAULTS = """
defaults:
  - scope: {path: "", type: posts}
    values: {published: false, layout: post}
  - scope: {path: _posts/open}
    values: {published: true}
  - scope: {path: "_posts/*/notes"}
    values: {hidden: true}
  - scope: {path: about}
    values: {published: false}
"""


@pytest.mark.parametrize(
    ("name", "front", "state"),
    [
        ("_posts/2024-03-01-a.md", "", "draft"),
        ("_posts/2024-03-01-a.md", "published: true", "published"),
        ("_posts/2024-03-01-a.md", "published:", "draft"),
        ("_posts/open/2024-03-01-a.md", "", "published"),
        ("_posts/opened/2024-03-01-a.md", "", "draft"),
        ("_posts/open/notes/2024-03-01-a.md", "", "draft"),
        ("_posts/open/x/notes/2024-03-01-a.md", "", "published"),
        ("about/us.md", "", "draft"),
        ("others/us.md", "", "published"),
    ],
)
def test_what_the_defaults_of_the_settings_withhold_stays_private(
    tmp_path: Path, name: str, front: str, state: str
) -> None:
    found = post(tmp_path, f"---\n{front}\n---\n", name, CONFIG + DEFAULTS)

    assert (found.state, "layout" in found.fields) == (state, False)


def test_a_permalink_is_that_of_the_default_with_the_longest_path(tmp_path: Path) -> None:
    longest_first = """
defaults:
  - scope: {path: _posts/open}
    values: {permalink: "/open/:title"}
  - scope: {path: ""}
    values: {permalink: "/all/:title"}
"""

    found = post(tmp_path, "---\n---\n", "_posts/open/2024-03-01-a.md", CONFIG + longest_first)
    assert found.url == "https://old.example/blog/open/a"


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("_posts/private", ["_posts/private/2024-03-01-a.md"]),
        ("/_posts/private/", ["_posts/private/2024-03-01-a.md"]),
        ("_posts/*b.md", ["_posts/2024-03-01-b.md"]),
        ("_drafts", ["_drafts/c.md"]),
        ("/", []),
    ],
)
def test_posts_that_the_settings_exclude_are_left_out_and_told(
    tmp_path: Path, pattern: str, left_out: list[str]
) -> None:
    names = {"_posts/private/2024-03-01-a.md", "_posts/2024-03-01-b.md", "_drafts/c.md"}
    export = site(tmp_path, dict.fromkeys(names, "---\n---\n"), f"{CONFIG}exclude: ['{pattern}']\n")

    assert {found.key for found in export.posts} == names.difference(left_out)
    assert [(one.where, one.why) for one in export.remarks] == [(name, "the settings exclude it") for name in left_out]


def test_posts_that_the_site_made_no_pages_of_stay_private(tmp_path: Path) -> None:
    without_output = f"{CONFIG}collections: {{posts: {{output: false}}}}\n"

    assert post(tmp_path / "a", "---\n---\n", config=without_output).state == "draft"
    assert post(tmp_path / "b", "---\n---\n", "_posts/_held/2024-03-01-a.md").state == "draft"


def test_redirects_lead_here_and_away(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "_posts/2024-03-01-a.md": "---\nredirect_from:\n - /old/\n - /older.html\n---\n",
            "_posts/2024-03-01-b.md": "---\nredirect_from: /b/\n---\n",
            "gone.md": "---\nredirect_to: https://elsewhere.example/\n---\n",
        },
    )

    assert [found.addresses for found in export.posts] == [
        ("https://old.example/blog/old/", "https://old.example/blog/older.html"),
        ("https://old.example/blog/b/",),
    ]
    assert export.redirects == {"https://old.example/blog/gone.html": "https://elsewhere.example/"}


def test_other_files_with_front_matter_are_pages(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "_posts/2024-03-01-a.md": "---\n---\n",
            "about.md": "---\ntitle: About\n---\nMe",
            "craft/index.html": "---\ntitle: Craft\n---\n<p>Mine",
            "contact.md": "---\npermalink: /write/\n---\n",
            "README.md": "No front matter",
            "index.md": "---\n---\nHome",
            "404.html": "---\n---\nLost",
            "archive.html": "---\n---\n{% for post in site.posts %}{{ post.title }}{% endfor %}",
            "_layouts/default.html": "---\n---\n",
            "feed.xml": "---\n---\n",
            "vendor/x.md": "---\n---\n",
        },
    )

    assert {found.key: (found.url, found.slug, found.format) for found in export.posts if found.page} == {
        "about.md": ("https://old.example/blog/about.html", "about", "markdown"),
        "contact.md": ("https://old.example/blog/write/", "contact", "markdown"),
        "craft/index.html": ("https://old.example/blog/craft/", "craft", "html"),
    }
    assert {remark.where for remark in export.remarks} == {"index.md", "404.html", "archive.html"}


def test_collections_are_told(tmp_path: Path) -> None:
    export = site(tmp_path, {"_recipes/bread.md": "---\n---\n"}, "collections:\n  recipes:\n    output: true\n")

    assert [(remark.where, remark.why) for remark in export.remarks] == [
        ("_recipes/bread.md", "collections are not read")
    ]


def test_fields_that_are_not_known_are_kept(tmp_path: Path) -> None:
    found = post(tmp_path, "---\nLayout: post\nimage: {path: /a.jpg, n: 010}\ntags: [a]\n---\n")

    assert found.fields == {"Layout": "post", "image": '{"path": "/a.jpg", "n": "010"}'}


def test_liquid_becomes_what_it_meant(tmp_path: Path) -> None:
    text = (
        "[a]({{ site.baseurl }}{% post_url 2024-01-02-wren %}) [b]({% link about.md %}#me)\n"
        '![c]({{ site.url }}{{ site.baseurl }}/c.jpg) ![c]({{ "/c.jpg" | relative_url }}) {% link c.jpg %}\n'
        "{% comment %}private{% endcomment %}*d*{: .big}\n"
    )

    found = body(
        tmp_path,
        text,
        **{"_posts__2024-01-02-wren.md": "---\n---\n", "about.md": "---\n---\n", "c.jpg": "..."},
    )

    base = "https://old.example/blog"
    assert found == (
        f"[a]({base}/2024/01/02/wren.html) [b]({base}/about.html#me)\n"
        f"![c]({base}/c.jpg) ![c]({base}/c.jpg) {base}/c.jpg\n"
        "*d*\n"
    )


def test_highlight_becomes_a_fence_that_its_content_cannot_end(tmp_path: Path) -> None:
    code = "{% highlight ruby linenos %}\nputs '```'\n{% raw %}{{ x }}{% endraw %}\n{% endhighlight %}"

    assert (
        body(tmp_path, f"a\n\n{code}\n\n{{{{ site.baseurl }}}}\n")
        == "a\n\n````ruby\nputs '```'\n{{ x }}\n````\n\n/blog\n"
    )


def test_highlight_in_html_is_escaped(tmp_path: Path) -> None:
    text = "---\n---\n{% highlight html %}\n<b>\n{% endhighlight %}"

    found = post(tmp_path, text, "_posts/2024-03-01-larks.html")
    assert found.text == '<pre><code class="language-html">&lt;b&gt;</code></pre>'


def test_raw_liquid_stays_and_loses_its_marks(tmp_path: Path) -> None:
    text = "{% raw %}{{ site.baseurl }}{% endraw %} {{ site.baseurl }}\n\n```\n{% raw %}{% if %}{% endraw %}\n```\n"

    assert body(tmp_path, text) == "{{ site.baseurl }} /blog\n\n```\n{% if %}\n```\n"


def test_code_stays_as_it_is(tmp_path: Path) -> None:
    text = "`{{ site.baseurl }}` `{% comment %}`\n\n```\n{% post_url x %}\n[a](c.jpg){: .x}\n```\n"

    assert body(tmp_path, text) == text


def test_liquid_that_is_not_known_stays_and_is_told_once(tmp_path: Path) -> None:
    text = (
        "---\n---\n{% include video.html\n id=1 %} {{ page.title }} {% include video.html id=1 %}{% post_url none %}\n"
    )
    export = site(tmp_path, {"_posts/2024-03-01-a.md": text})

    assert export.posts[0].text == text.removeprefix("---\n---\n")
    assert export.told("changed") == ["{% include video.html id=1 %}", "{{ page.title }}", "{% post_url none %}"]


def test_pictures_are_brought_once_and_missing_ones_named(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "_posts/2024-03-01-a.md": "---\n---\n![](/blog/img/a%20b.jpg) ![](../img/a%20b.jpg) ![](/none.png)",
            "_posts/2024-03-01-b.md": "---\n---\n![](https://old.example/blog/img/a%20b.jpg) ![](/_secret.jpg)",
            "_posts/2024-03-01-c.md": "---\n---\n![](/raw/a.jpg)",
            "img/a b.jpg": b"...",
            "_secret.jpg": b"...",
            "raw/a.jpg": b"...",
        },
        f"{CONFIG}exclude: [raw]\n",
    )

    assert [(one.urls[0], one.file) for one in export.media] == [
        ("https://old.example/blog/img/a%20b.jpg", "img/a b.jpg"),
        ("https://old.example/blog/none.png", None),
        ("https://old.example/blog/_secret.jpg", None),
        ("https://old.example/blog/raw/a.jpg", None),
    ]
    assert export.posts[1].text.startswith("![](https://old.example/blog/img/a%20b.jpg)")


@pytest.mark.parametrize(
    "text", ["{% raw %}" * 50_000, "{%" * 200_000, "{{" * 200_000, "{% highlight a %}" * 20_000, "{:" * 200_000]
)
@pytest.mark.timeout(20)
def test_a_long_text_takes_linear_time(tmp_path: Path, text: str) -> None:
    assert body(tmp_path, f"{{{{ site.baseurl }}}}\n\n{text}").startswith("/blog\n\n{")


@pytest.mark.parametrize(
    "files",
    [
        {"_config.yml": "", "a.md": ""},
        {"blog-main/_config.yml": "", "blog-main/a.md": ""},
        {"_posts/2024-03-01-a.md": ""},
        {"2024-3-1-a.md": "---\n---\n", "2024-3-2-b.html": "", "about.md": ""},
    ],
)
def test_a_site_is_recognised(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert is_recognised(jekyll, folder_of(tmp_path, files), tmp_path)


def test_a_folder_of_an_archive_is_the_site(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": "url: https://old.example",
        "_posts/2024-03-01-a.md": "---\n---\n![](/b.jpg)",
        "b.jpg": b"...",
    }
    wrapped = folder_of(tmp_path / "a", {f"blog-main/{name}": content for name, content in files.items()})

    within, plain = read(jekyll, wrapped, tmp_path), read(jekyll, folder_of(tmp_path / "b", files), tmp_path)
    assert [(one.key, one.file) for one in within.media] == [("b.jpg", "blog-main/b.jpg")]
    assert list(map(hash_of, within.posts)) == list(map(hash_of, plain.posts))
    assert list(map(hash_of, within.media)) == list(map(hash_of, plain.media))
