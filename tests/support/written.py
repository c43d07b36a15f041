"""Posts whose titles, names, dates and files are hard to hand on, as values: what a reader shows can be compared."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from feedserver.posts.model import Enclosure

AUTHOR = "Ann Author"  # of the site


@dataclass(frozen=True)
class Written:
    """A post as its author writes it. A title may be empty; `files` have ASCII addresses."""

    slug: str
    title: str
    body: str = "Some words."
    date: str = "2026-02-01T12:00:00Z"
    updated: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    files: tuple[Enclosure, ...] = ()
    lang: str | None = None
    first_words: str = ""  # of the body, where the title is empty

    @property
    def document(self) -> bytes:
        """The Markdown document, with front matter in JSON, which is YAML."""
        front: dict[str, object] = {"slug": self.slug, "title": self.title, "date": self.date, "updated": self.updated}
        front |= {"tags": self.tags, "authors": self.authors, "lang": self.lang}
        front["enclosures"] = [{"url": file.url, "type": file.type, "length": file.length} for file in self.files]
        given = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items() if value]
        return ("---\n" + "\n".join(given) + f"\n---\n{self.body}\n").encode()

    @property
    def published_at(self) -> datetime:
        return datetime.fromisoformat(self.date).astimezone(UTC)

    @property
    def updated_at(self) -> datetime:
        return datetime.fromisoformat(self.updated or self.date).astimezone(UTC)

    @property
    def names(self) -> tuple[str, ...]:
        """The authors that feeds name."""
        return self.authors or (AUTHOR,)


def _titles() -> list[Written]:
    titles = {
        "bold": "<b>Bold</b> and <i>open",
        "escaped": "Write &lt;b&gt;, not &amp;lt;b&amp;gt;",
        "references": "AT&T &copy; &#169; &nbsp; &bogus; & R&D;",
        "closing": "</title><title>Broken out</title>",
        "script": "<script>alert(1)</script> is an element",
        "cdata": "]]> ends <![CDATA[ sections ]]>",
        "comment": "<!-- not --> a comment, <?php echo 1 ?>",
        "quotes": "“Curly” ‘single’ \"straight\" 'plain' «angular» `back`",
        "less": "1 < 2 && 3 > 2, x <y z>",
        "no-break": "\u00a0Ten\u00a0km «\u202fà\u202fpied\u202f»\u00a0",
        "wide": "見出し\u3000副題\u2003em\u2009thin",
        "marks": "q\u0303 x\u0302\u030c Tie\u0302\u0301ng Việt ก็",
        "right-to-left": "\u200fעברית\u200e, \u2067عربي\u2069 (1)!",
        "emoji": "👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 👍🏽 1\ufe0f\u20e3 🇩🇪",
        "astral": "𝕏 𠜎 𝒻𝑒𝑒𝒹",
        "unseen": "soft\u00adhyphen zero\u200bwidth word\u2060joiner",
        "private": "\ue000\U000f0000 private",
        "address": "Bob <bob@host.example> wrote to ann@host.example",
        "web-address": "https://host.example/?a=1&b=2#c",
        "placeholders": "100% {{ jinja }} %s $HOME \\n \\\\ {0}",
        "null": "null",
        "number": "0",
        "emoji-alone": "🎉",
        "long": "Long title " * 200 + "end",
        "long-word": "w" * 1500,
    }
    return [Written(slug, title) for slug, title in titles.items()]


def _dates() -> list[Written]:
    dates = {
        "second-day": "1970-01-02T00:00:00Z",
        "before-unix": "1969-07-20T20:17:40Z",
        "eighties": "1984-05-06T07:08:09Z",
        "last-of-1989": "1989-12-31T23:59:59Z",
        "1901": "1901-12-13T20:45:51Z",
        "hastings": "1066-10-14T09:00:00Z",
        "vesuvius": "0079-08-24T13:00:00Z",
        "leap-day": "2024-02-29T23:59:59Z",
        "kiritimati": "2026-01-01T00:30:00+14:00",
        "baker-island": "2025-12-31T23:30:00-12:00",
        "kathmandu": "2025-06-01T00:15:00+05:45",
    }
    return [
        *(Written(slug, f"Dated {slug}", date=date) for slug, date in dates.items()),
        *(Written(f"same-{n}", f"Of the same second, {n}", date="2026-02-02T02:02:02Z") for n in range(3)),
        Written("a-second-later", "Updated", date="2026-02-03T00:00:00Z", updated="2026-02-03T00:00:01Z"),
        Written("decades-later", "Corrected", date="1979-02-03T00:00:00Z", updated="1988-01-01T00:00:00Z"),
    ]


def _bodies() -> list[Written]:
    picture = (
        '<img class="lazy" data-src="/late.png" loading="lazy" alt="Late"><noscript><img src="/late.png"></noscript>'
    )
    return [
        Written("empty", "An empty body", body=""),
        Written("blanks", "Blanks alone", body=" \n\u00a0\n"),
        Written("untitled", "", "First *words* of a post.", first_words="First words of a post."),
        Written("untitled-tags", "", "`<b>` &amp; “more” words", first_words="<b> & “more” words"),
        Written("references-in-body", "Many references", body="<b>fish</b> &amp; <i>chips</i> &lt; " * 400),
        Written("cdata-in-body", "CDATA", body='<p title="a]]>b">]]> <![CDATA[ x ]]> &#93;&#93;&gt;</p>'),
        Written("formula", "MathML", body="<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math> is half of a."),
        Written("table", "A table", body="| a | b |\n|:--|--:|\n| 1 | `<td>` |"),
        Written("late-picture", "A lazy picture", body=picture),
        Written("abroad", "IRIs", body="[Ü](https://bücher.example/straße?ü=1#ä) ![](https://bücher.example/ü b.png)"),
        Written("script-in-body", "Active", body="<script>x()</script><iframe src='https://film.example/'></iframe>"),
        Written("hebrew", "שלום", body="<bdo dir=rtl>abc</bdo> שלום עולם", lang="he"),
    ]


def _names() -> list[Written]:
    tags = ("a, b", "a/b", "R&D", "<tag>", "C++", "#hash", "50%", "日本語", 'it\'s "so"', "🎉 party", "Été", "a;b")
    authors = {
        "of-two": ('"Dr." O\'Neil', "[Brackets] (Parens)"),
        "with-email": ("Bob <bob@host.example>",),
        "email-alone": ("bob@host.example",),
        "email-first": ("bob@host.example (Bob)",),
        "with-comma": ("Neil, Ann; & Sons",),
        "with-tag": ("<b>Bold</b> & Co.",),
        "hebrew-name": ("\u200fדוד\u200f", "Ångström, É."),
    }
    return [
        Written("tagged", "Many tags", tags=tags),
        Written("tag-with-comma", "One tag", tags=("red, green",)),
        Written("long-tag", "A long tag", tags=("t" * 200,)),
        *(Written(f"author-{slug}", f"Written {slug}", authors=names) for slug, names in authors.items()),
    ]


def _files() -> list[Written]:
    audio = Enclosure("https://media.example/a%20b.mp3?x=1&y=2", "audio/mpeg", 1234)
    picture = Enclosure("https://media.example/b.png", "image/png", 99)
    unknown = Enclosure("https://xn--bcher-kva.example/%C3%BC.ogg", "audio/ogg", 0)
    return [
        Written("one-file", "One file", files=(audio,)),
        Written("three-files", "Three files", files=(audio, picture, unknown)),
        Written("unknown-size", "A file of unknown size", files=(unknown,)),
    ]


POSTS: tuple[Written, ...] = (
    Written("edited", "Before <the> edit", tags=("before",)),
    *_titles(),
    *_dates(),
    *_bodies(),
    *_names(),
    *_files(),
)
EDITED = Written("edited", "After <the> edit & more", "Other words.", tags=("after",))
WITHDRAWN = Written("withdrawn", "Withdrawn")
