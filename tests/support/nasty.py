"""Posts that feeds have broken over, and what strangers say on them: document sources for a whole site."""

from feedserver.errors import PostError
from feedserver.posts import store as posts
from feedserver.posts.model import Post
from feedserver.services import WebServices
from tests.feeds.happenings import link, say
from tests.support.outside import Clock

_CONTROLS = r'title: "Controls \u0001 \u001f \u0085 \ufffe end"'
_TAGS_IN_TITLE = 'title: "<b>Literal</b> tags &amp; &lt;i&gt; </script><script>alert(1)</script>"'
_ACTIVE = (
    '<script>alert(1)</script><style>x{}</style><iframe src="https://video.example/1" title="A film"></iframe>'
    '<iframe src="javascript:alert(1)"></iframe><object data="x.swf"><embed src="x.swf"></object>'
)
_FORMS = (
    "<form action='/x'><input name=a><button>b</button><select><option>1</select><textarea>t</textarea></form>"
    "<svg><path d='M0 0'/><script>1</script></svg><math><mi>x</mi></math>"
)
_LINKS = (
    '<a href="/abs">a</a> <a href="rel?x=1&y=2">b</a> <img src="i.png" srcset="a.png 1x, b.png 2x" alt="">'
    ' <a href="http://[bad">c</a> <a href="javascript:x">d</a> <a href="data:text/html,x">e</a>'
    ' <video src="v.mp4" poster="p.jpg"></video> <blockquote cite="/q">q</blockquote> <a href="#x">f</a>'
)
_OLD_HTML = (
    '<p onclick="x()" style="color:red">p</p><a href="https://x.example" onmouseover=1 target=_blank>l</a>'
    "<font color=red>f</font><center>c</center><marquee>m</marquee><h1>a<h1>b</h1></h1><table><td>x</table>"
    "<dl><dd>x</dl><details><summary>s</summary>d</details>"
)
_ADDRESSES = (
    "<img src='/фото.jpg' srcset='/ä.jpg 1x, b\\c.jpg 2x'> <a href='my file.pdf'>f</a> <a href='%zz%20'>g</a>"
    " <iframe src='https://v.example/a b'></iframe> <a href='http:\\\\h.example\\x y'>c</a> <q cite='é'>e</q>"
    " <video poster='p p.jpg' src='ü.mp4'></video> <a href='mailto:ü@h.example'>d</a> <a href='http://ü[/'>h</a>"
    " <a href='https://bücher.example/é?ü#ß'>b</a>"
)
_FORMULAS = (
    "The area is <math><mi>π</mi><msup><mi>r</mi><mn>2</mn></msup></math>. <math><annotation-xml encoding='text/html'>"
    "<style><img src=x onerror=alert(1)></style></annotation-xml><mi href='javascript:x'>x</mi></math>"
)
_LAZY = (
    "<img src='data:image/gif;base64,R0lGOD' data-src='/real.jpg'><noscript><img src='/real.jpg' alt='A'></noscript>"
    "\n\n| a |\n|--:|\n| 1 |\n"
)
_FILES = (
    "title: Enclosures\nenclosures:\n"
    '  - {url: "https://media.example/a.mp3?x=1&y=2", type: audio/mpeg, length: 1234}\n'
    '  - {url: "https://media.example/b.png", type: image/png, length: 99}\n'
    '  - {url: "https://media.example/c.mp4", type: video/mp4, length: 0}\n'
    '  - {url: "https://bücher.example/épi sode.mp3", type: audio/mpeg, length: 5}\n'
    '  - {url: "own talk.mp3", type: audio/mpeg, length: 5}'
)
_TAGS = 'title: "&amp;amp; &copy; &#169; &nbsp; &bogus;"\ntags: ["a & b", "c,d", "<tag>", "日本語", "50%", x/y]'

POSTS: dict[str, tuple[str, str]] = {
    "controls": (_CONTROLS, "a\x01b\x0bc &#x1f; &#0; &#xFFFE; &#xD800; \x85 \ufffd end ]]> <![CDATA[ x ]]>"),
    "tags in a title": (_TAGS_IN_TITLE, _ACTIVE),
    "forms and drawings": ("title: Forms and svg", _FORMS),
    "nothing": ("title: Empty body\nslug: empty-body", ""),
    "a long title": (f'title: "{"Long title " * 454}"\nslug: long', "x"),
    "to come": ("title: To come\ndate: 2030-01-01", "Not yet."),
    "the eighties": ("title: Eighties\ndate: 1984-05-06", "A diary."),
    "the eighties again": ("title: Eighties too\ndate: 1984-05-06\nupdated: 1985-01-01", "A diary."),
    "no title": ("slug: untitled", "Without a title: [a relative link](other), ![a picture](pic.png)."),
    "ten authors": ("title: Ten\nauthors: [" + ", ".join(f'"A{n} & <b>Co</b>"' for n in range(10)) + "]", "Many."),
    "enclosures": (_FILES, "Files."),
    "right to left": ('title: "\u200fעברית \u202eRTL override"\nlang: he', "שלום עולם"),
    "astral": ('title: "😀 𝕏 \U0001f1e9\U0001f1ea"', "😀 𝕏 \U0010ffff \U0001fffe end"),
    "addresses of all kinds": ("title: Addresses", _ADDRESSES),
    "formulas": ("title: Formulas", _FORMULAS),
    "lazy pictures and tables": ("title: Lazy", _LAZY),
    "links of all kinds": ("title: Relative", _LINKS),
    "no markup at all": ("title: Less", "a < b && c > d, 1 <2 and 3<4 <notatag> </closing> <p>open <b>bold <i>x"),
    "references": (_TAGS, "&copy; &bogus; &amp;lt; &lt;item&gt;</item>"),
    "addresses for names": (
        'title: "x <name@host.example>"\nauthors: ["Bob <b@host.example>", "a@b.example"]',
        "Mail.",
    ),
    "old html": ("title: Old", _OLD_HTML),
    "a summary with tags": ('title: Summary\nsummary: "Sum <b>mary</b> & more </p>"', "Words."),
    "about pages elsewhere": (
        'title: Answers\nreply_to: ["https://their.example/a?b=1&c=2", "https://bücher.example/ä<b>#é"]\n'
        "like_of: https://their.example/a?b=1&c=2\nlang: he",
        "Well said.",
    ),
    "a like alone": ('slug: like\nlike_of: "https://their.example/%E2%80%AE%3C/p%3E]]>\'"', ""),
    "a picture alone": ("title: Picture", "![alt](https://img.example/x.png)"),
    "same date": ("title: Same\ndate: 2026-01-02", "One."),
    "same date again": ("title: Same too\ndate: 2026-01-02", "Two."),
}


def fill(services: WebServices, clock: Clock) -> list[Post]:
    """Publishes all of them, and lets strangers say nasty things; returns the visible posts."""
    for front, body in POSTS.values():
        services.publisher.add(services.publisher.read(f"---\n{front}\n---\n{body}\n".encode()), clock())
    with services.database.read() as connection:
        visible = posts.latest(connection, clock(), len(POSTS))
    for number, post in enumerate(visible[:3]):
        for text, name in (
            ('<script>x</script> & "q" ]]>\n\nand &amp;', "Eve <b>& Co</b>"),
            ("x" * 3000, "Long " * 20),
        ):
            clock.move(seconds=1)
            say(services, post, text=text, name=name)
        clock.move(seconds=1)
        link(services, post, f"https://other.example/ä?b=1&c={number}", "[…] words & <more> ]]> […]")
    return visible


def try_to_publish(services: WebServices, content: bytes) -> Post | None:
    """The post that a document becomes; None where it is refused with a word to its author."""
    try:
        return services.publisher.add(services.publisher.read(content), services.clock())
    except PostError:
        return None
