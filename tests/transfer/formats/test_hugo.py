"""Sites of Hugo."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feedserver.errors import ImportDamaged
from feedserver.transfer.formats import hugo
from feedserver.transfer.items import ImportedPost
from tests.support.exports import SAMPLES, Export, is_recognised, read
from tests.transfer.formats.folders import folder_of

CONFIG = 'baseURL = "https://old.example/blog/"\ntitle = "Meadow"\nlanguageCode = "fi"\ntimeZone = "Europe/Helsinki"\n'


def site(tmp_path: Path, files: dict[str, str | bytes], config: str = CONFIG) -> Export:
    return read(hugo, folder_of(tmp_path, {"hugo.toml": config, **files}), tmp_path)


def post(tmp_path: Path, text: str, name: str = "content/posts/larks.md", config: str = CONFIG) -> ImportedPost:
    (found,) = site(tmp_path, {name: text}, config).posts
    return found


def body(tmp_path: Path, text: str, files: dict[str, str | bytes] | None = None) -> str:
    name = "content/posts/larks.md"
    return site(tmp_path, {**(files or {}), name: f"---\ntitle: Larks\n---\n{text}"}).post(name).text


def test_samples_of_a_folder_of_contents(tmp_path: Path) -> None:
    export = read(hugo, SAMPLES / "hugo", tmp_path, url="https://old.example/", zone=ZoneInfo("Europe/Helsinki"))

    spring = export.post("content/posts/bundle/index.md")
    assert (spring.title, spring.slug, spring.state) == ("Spring: in the meadow", "spring", "published")
    assert spring.url == spring.guid == "https://old.example/posts/spring/"
    assert spring.addresses == ("https://old.example/2023/03/spring.html", "https://old.example/posts/old-spring/")
    assert spring.published_at == datetime(2023, 3, 4, 4, tzinfo=UTC)
    assert spring.updated_at == datetime(2023, 3, 4, 22, tzinfo=UTC)
    assert (spring.tags, spring.summary) == (("larks", "5 < 7", "Nature"), "Larks are back.")
    picture = "https://old.example/posts/spring/lark.jpg"
    assert spring.text == (
        "Intro.\n\n<!--more-->\n\n"
        f'<figure><img src="{picture}" alt="A lark"><figcaption>Over the meadow</figcaption></figure>\n\n'
        "{{% notice tip %}}\nMind the *nests*.\n{{% /notice %}}\n\nSee [other](https://old.example/essays/toml/).\n"
    )
    assert [(one.urls, one.file) for one in export.media] == [((picture,), None)]
    toml = export.post("content/posts/toml-post.md")
    assert (toml.title, toml.state, toml.url, toml.tags) == (
        *("TOML post", "draft"),
        *("https://old.example/essays/toml/", ("a", "b")),
    )
    assert toml.fields == {"params": '{"mood": "calm"}'}
    expired = export.post("content/posts/2020-02-29-json-post.md")
    assert (expired.title, expired.state, expired.text) == ("JSON post", "draft", "\nBody.\n")
    assert [(remark.where, remark.what) for remark in export.remarks] == [
        ("content/posts/_index.md", "the document"),
        ("content/posts/bundle/index.md", "{{% notice tip %}}"),
    ]


def test_the_settings_name_the_site(tmp_path: Path) -> None:
    origin = site(tmp_path, {"content/posts/a.md": "", "content/about.md": ""}).origin

    assert (origin.name, origin.url) == ("https://old.example/blog", "https://old.example/blog")
    assert origin.settings == {
        "site.title": "Meadow",
        "site.language": "fi",
        "site.timezone": "Europe/Helsinki",
    }
    assert origin.feeds == {
        "https://old.example/blog/index.xml": "rss",
        "https://old.example/blog/posts/index.xml": "rss",
    }


@pytest.mark.parametrize(
    ("name", "front", "path"),
    [
        ("posts/My Larks.md", "", "/posts/my-larks/"),
        ("posts/2024/larks.md", "", "/posts/2024/larks/"),
        ("posts/larks.md", "slug: Two Larks", "/posts/two-larks/"),
        ("posts/larks/index.md", "", "/posts/larks/"),
        ("posts/larks/index.md", "slug: two", "/posts/two/"),
        ("posts/larks.md", "url: /a/b.html", "/a/b.html"),
        ("posts/larks.md", "url: a/b", "/a/b"),
        ("posts/lärche.html", "", "/posts/l%C3%A4rche/"),
        ("about.md", "", "/about/"),
        ("about/index.md", "", "/about/"),
    ],
)
def test_permalinks_follow_folders_and_front_matter(tmp_path: Path, name: str, front: str, path: str) -> None:
    found = post(tmp_path, f"---\ntitle: Larks\n{front}\n---\n", f"content/{name}")

    assert found.url == f"https://old.example/blog{path}"
    assert found.page is name.startswith("about")


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ('[permalinks]\nposts = "/:year/:month/:day/:slug/"', "/2024/03/01/the-larks/"),
        ('[permalinks.page]\nposts = "/:year/:monthname/:contentbasename/"', "/2024/march/two/"),
        ('[permalinks]\nposts = "/:sections/:slugorfilename"', "/posts/sub/two"),
        ("uglyURLs = true", "/posts/sub/two.html"),
        ('[permalinks]\nnotes = "/:year/"', "/posts/sub/two/"),
    ],
)
def test_permalinks_follow_the_settings(tmp_path: Path, setting: str, path: str) -> None:
    text = "---\ntitle: The Larks\ndate: 2024-03-01\n---\n"

    found = post(tmp_path, text, "content/posts/sub/two.md", f'baseURL = "https://old.example"\n{setting}\n')
    assert found.url == f"https://old.example{path}"


def test_languages_are_those_of_file_names(tmp_path: Path) -> None:
    config = "baseURL: https://old.example\ndefaultContentLanguage: en\nlanguages: {en: {}, de: {}}\n"
    files: dict[str, str | bytes] = {
        "config.yaml": config,
        **{f"content/posts/{name}.md": "Text" for name in ("larks.en", "larks.de", "node.js")},
    }
    export = read(hugo, folder_of(tmp_path, files), tmp_path)

    assert {found.slug: (found.url, found.lang) for found in export.posts} == {
        "larks": ("https://old.example/posts/larks/", "en"),
        "larks-de": ("https://old.example/de/posts/larks/", "de"),
        "node.js": ("https://old.example/posts/node.js/", None),
    }


@pytest.mark.parametrize("field", ["draft: true", "expiryDate: 2021-01-01", "headless: true"])
def test_what_was_withheld_stays_private(tmp_path: Path, field: str) -> None:
    assert post(tmp_path, f"---\ntitle: a\ndate: 2020-01-01\n{field}\n---\n").state == "draft"


LIST = "content/held/_index.md"


@pytest.mark.parametrize(
    ("name", "cascade", "state"),
    [
        (LIST, "cascade: {draft: true}", "draft"),
        (LIST, "cascade: {Draft: true}", "draft"),
        (LIST, "cascade:\n- draft: true", "draft"),
        (LIST, "cascade: {build: {list: never, render: never}}", "draft"),
        (LIST, "cascade: {_build: {list: never, render: never}}", "draft"),
        (LIST, "cascade: {expiryDate: 2021-01-01}", "draft"),
        (LIST, "cascade: {type: docs, cover: a.jpg}", "published"),
        (LIST, "cascade:\n- {_target: {path: '/held/in/**'}, draft: true}", "draft"),
        (LIST, "cascade:\n- {target: {path: '{/held,/held/**}', kind: page}, draft: true}", "draft"),
        (LIST, "cascade:\n- {_target: {path: '/held/*'}, draft: true}", "published"),
        (LIST, "cascade:\n- {_target: {kind: section}, draft: true}", "published"),
        (LIST, "cascade:\n- {_target: {kind: '{home,page}'}, draft: true}", "draft"),
        (LIST, "cascade:\n- {_target: {lang: de}, draft: true}", "published"),
        (LIST, "cascade: {_target: {environment: production}, draft: true}", "draft"),
        (LIST, "cascade: {_target: {environment: staging}, draft: true}", "published"),
        (LIST, "cascade: {_target: everything, draft: true}", "draft"),
        (LIST, "cascade: everything", "draft"),
        (LIST, "draft: true", "published"),
        ("content/_index.md", "cascade: {draft: true}", "draft"),
        ("content/_index.html", "cascade: {draft: true}", "draft"),
        ("content/others/_index.md", "cascade: {draft: true}", "published"),
        ("content/hel/_index.md", "cascade: {draft: true}", "published"),
    ],
)
def test_what_a_section_hands_down_counts_for_the_documents_below_it(
    tmp_path: Path, name: str, cascade: str, state: str
) -> None:
    export = site(tmp_path, {name: f"---\n{cascade}\n---\n", "content/held/in/a.md": "---\ndate: 2020-01-01\n---\n"})

    assert [(found.state, found.fields) for found in export.posts] == [(state, {})]


def test_the_nearest_section_counts_and_the_document_itself_most(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "content/_index.md": "---\ncascade: {draft: true}\n---\n",
            "content/open/_index.md": "---\ncascade:\n- {draft: false}\n- {draft: true}\n---\n",
            "content/a.md": "",
            "content/b.md": "---\ndraft: false\n---\n",
            "content/open/c.md": "",
            "content/open/d.md": "---\ndraft: true\n---\n",
            "content/open/e/index.md": "",
        },
    )

    assert {found.key: found.state for found in export.posts if found.state == "published"}.keys() == {
        "content/b.md",
        "content/open/c.md",
        "content/open/e/index.md",
    }


@pytest.mark.parametrize(
    "setting",
    [
        "[cascade]\ndraft = true\n",
        "[[cascade]]\ndraft = true\n[cascade._target]\npath = '/posts/**'\n",
        "[[cascade]]\n[cascade.build]\nrender = 'never'\n",
        "disableLanguages = ['en']",
        "[languages.en]\ndisabled = true\n",
    ],
)
def test_what_the_settings_withhold_stays_private(tmp_path: Path, setting: str) -> None:
    assert post(tmp_path, "---\ndate: 2020-01-01\n---\n", config=f"{CONFIG}{setting}").state == "draft"


def test_a_list_in_one_language_hands_down_to_its_documents(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "content/posts/_index.de.md": "---\ncascade: {draft: true}\n---\n",
        **{f"content/posts/{name}.md": "Text" for name in ("larks", "larks.de")},
    }
    export = site(tmp_path, files, f"{CONFIG}[languages.de]\n[languages.en]\n")

    assert {found.key: found.state for found in export.posts} == {
        "content/posts/larks.md": "published",
        "content/posts/larks.de.md": "draft",
    }


def test_below_a_list_that_cannot_be_read_everything_stays_private(tmp_path: Path) -> None:
    for number, content in enumerate((b"\0", b"+++\n[cascade\n+++\n", b"---\ncascade: {draft: true\n---\n")):
        folder = folder_of(tmp_path / str(number), {"hugo.toml": CONFIG, LIST: content, "content/held/a.md": "Text"})
        assert [found.state for found in read(hugo, folder, tmp_path, forgiving=True).posts] == ["draft"]


def test_a_damaged_list_stops_the_import_as_other_documents_do(tmp_path: Path) -> None:
    with pytest.raises(ImportDamaged, match=r"^content/held/_index\.md: front matter: "):
        site(tmp_path, {LIST: "---\ncascade: {draft: true\n---\n", "content/held/a.md": "Text"})


def test_a_later_publication_is_a_scheduled_post(tmp_path: Path) -> None:
    found = post(tmp_path, "---\ndate: 2020-01-01\npublishDate: 2099-01-01\n---\n")

    assert found.published_at == datetime(2098, 12, 31, 22, tzinfo=UTC)


def test_an_expiry_to_come_is_told(tmp_path: Path) -> None:
    export = site(tmp_path, {"content/posts/a.md": "---\nexpiryDate: 2099-01-01\n---\n"})

    assert (export.posts[0].state, export.posts[0].fields) == ("published", {"expiryDate": "2099-01-01"})
    assert export.told("changed") == ["its date of expiry"]


def test_files_of_a_bundle_come_with_it_and_its_other_documents_do_not(tmp_path: Path) -> None:
    export = site(
        tmp_path,
        {
            "content/posts/larks/index.md": "---\nslug: two\n---\n![](img/a.jpg) [notes](notes.pdf)",
            "content/posts/larks/img/a.jpg": b"...",
            "content/posts/larks/notes.pdf": b"...",
            "content/posts/larks/song.mp3": b"...",
            "content/posts/larks/data.json": b"{}",
            "content/posts/larks/part.md": "A part",
        },
    )

    base = "https://old.example/blog/posts/two"
    assert [found.text for found in export.posts] == [f"![]({base}/img/a.jpg) [notes]({base}/notes.pdf)"]
    assert {(one.urls[0], one.file) for one in export.media} == {
        (f"{base}/{name}", f"content/posts/larks/{name}") for name in ("img/a.jpg", "notes.pdf", "song.mp3")
    }
    assert [(remark.where, remark.why) for remark in export.remarks] == [
        ("content/posts/larks/part.md", "a resource of another document")
    ]


def test_files_beside_static_ones_and_documents_are_found(tmp_path: Path) -> None:
    text = "![](/img/a.jpg) ![](/blog/img/a.jpg) ![](b.jpg) ![](../../img/a.jpg) [c](other.md) [d](/posts/other.md#x)"

    found = body(
        tmp_path,
        text,
        {"static/img/a.jpg": b"...", "content/posts/b.jpg": b"...", "content/posts/other.md": "Text"},
    )

    base, picture = "https://old.example/blog", "https://old.example/blog/img/a.jpg"
    assert found == (
        f"![]({picture}) ![]({picture}) ![]({base}/posts/b.jpg) ![]({picture})"
        f" [c]({base}/posts/other/) [d]({base}/posts/other/#x)"
    )


@pytest.mark.parametrize(
    ("shortcode", "made"),
    [
        ('{{< ref "other.md" >}}', "https://old.example/blog/posts/other/"),
        ('{{< relref "/posts/other" >}}', "https://old.example/blog/posts/other/"),
        ('{{% ref "Other#part" %}}', "https://old.example/blog/posts/other/#part"),
        ("{{< youtube abc_-1 >}}", "<https://www.youtube.com/watch?v=abc_-1>"),
        ('{{< youtube id="abc" autoplay="true" >}}', "<https://www.youtube.com/watch?v=abc>"),
        ("{{< vimeo 55073825 >}}", "<https://vimeo.com/55073825>"),
        ("{{< gist ann 5 >}}", "<https://gist.github.com/ann/5>"),
        ('{{< tweet user="ann" id="5" >}}', "<https://x.com/ann/status/5>"),
        ("{{< instagram abc >}}", "<https://www.instagram.com/p/abc/>"),
        (
            '{{< figure src="a.jpg" alt="A \\"lark\\"" caption="Over *the* <meadow>" attr="Ann" attrlink="/ann" >}}',
            '<figure><img src="https://old.example/blog/posts/larks/a.jpg" alt="A &quot;lark&quot;"><figcaption>'
            'Over <em>the</em> &lt;meadow&gt; <a href="/ann">Ann</a></figcaption></figure>',
        ),
        ("{{</* youtube abc */>}}", "{{< youtube abc >}}"),
        ("{{< highlight go >}}\na := `b`\n{{< /highlight >}}", "```go\na := `b`\n```"),
    ],
)
def test_shortcodes_become_what_they_meant(tmp_path: Path, shortcode: str, made: str) -> None:
    assert body(tmp_path, f"{shortcode}\n", {"content/posts/other.md": "Text"}) == f"{made}\n"


@pytest.mark.parametrize(
    "shortcode",
    [
        "{{< mine a=1 >}}",
        "{{% notice %}}",
        '{{< ref "nowhere" >}}',
        '{{< youtube "javascript:x" >}}',
        "{{< param a >}}",
    ],
)
def test_shortcodes_that_are_not_known_stay_and_are_told(tmp_path: Path, shortcode: str) -> None:
    export = site(tmp_path, {"content/posts/a.md": f"{shortcode} and {shortcode}"})

    assert export.posts[0].text == f"{shortcode} and {shortcode}"
    assert export.told("changed") == [shortcode]


def test_code_stays_as_it_is_but_for_the_marks_of_escaped_shortcodes(tmp_path: Path) -> None:
    text = "`{{< youtube a >}}`\n\n```\n{{< highlight go >}}\n{{%/* notice */%}}\n![](a.jpg)\n```\n"

    assert body(tmp_path, text) == text.replace("{{%/* notice */%}}", "{{% notice %}}")


def test_a_page_may_stand_in_the_menu(tmp_path: Path) -> None:
    assert post(tmp_path, "---\ntitle: About\nmenu: main\n---\n", "content/about.md").menu == "About"
    text = "---\ntitle: About\nmenu: {main: {name: Me}}\n---\n"
    assert post(tmp_path, text, "content/about.md").menu == "Me"


@pytest.mark.parametrize(
    "text", ["{{<" * 100_000, "{{< highlight a >}}" * 12_000, '{{< a "' * 100_000, "{{</*" * 50_000]
)
@pytest.mark.timeout(20)
def test_a_long_text_takes_linear_time(tmp_path: Path, text: str) -> None:
    assert body(tmp_path, f"{{{{< vimeo 1 >}}}}\n\n{text}").startswith("<https://vimeo.com/1>\n\n{{<")


@pytest.mark.parametrize(
    "files",
    [
        {"hugo.toml": ""},
        {"config/_default/hugo.yaml": ""},
        {"content/posts/a.md": "Text"},
        {"posts/_index.md": "", "posts/a.md": ""},
        {"blog-main/hugo.toml": "", "blog-main/content/a.md": ""},
    ],
)
def test_a_site_is_recognised(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert is_recognised(hugo, folder_of(tmp_path, files), tmp_path)


@pytest.mark.parametrize("part", [".", "content", "content/posts"])
def test_a_part_of_a_site_is_read_alike(tmp_path: Path, part: str) -> None:
    path = folder_of(tmp_path, {"content/posts/a.md": "Text", "content/posts/b/index.md": "", "content/c.md": ""})

    found = {found.url: found.page for found in read(hugo, path / part, tmp_path).posts}
    assert found.items() >= {"/posts/a/": False, "/posts/b/": False}.items()
    assert found.get("/c/", True)
