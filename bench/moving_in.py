"""A large blog moves in: the export of WordPress is imported into a new site."""

import random
from datetime import datetime, timedelta
from pathlib import Path

from bench import commands
from bench.figures import Figure
from bench.sites import Both

_GROUP = "moving in"
_POSTS, _COMMENTS = 10_000, 5  # of each post
_START = datetime(2005, 1, 1, 12)  # noqa: DTZ001 - as the export writes it
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel>
<title>Old</title><wp:wxr_version>1.2</wp:wxr_version><wp:base_site_url>https://old.example</wp:base_site_url>
<wp:base_blog_url>https://old.example</wp:base_blog_url>
"""
_POST = """<item><title>{title}</title><link>https://old.example/{day}/post-{id}/</link><dc:creator>ann</dc:creator>
<guid isPermaLink="false">https://old.example/?p={id}</guid><content:encoded><![CDATA[{text}]]></content:encoded>
<wp:post_id>{id}</wp:post_id><wp:post_date>{at}</wp:post_date><wp:post_date_gmt>{at}</wp:post_date_gmt>
<wp:post_name>post-{id}</wp:post_name><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
<category domain="post_tag" nicename="{tag}">{tag}</category>
{comments}</item>
"""
_COMMENT = """<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>Ann</wp:comment_author>
<wp:comment_date>{at}</wp:comment_date><wp:comment_date_gmt>{at}</wp:comment_date_gmt>
<wp:comment_content><![CDATA[{text}]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved>
<wp:comment_type>comment</wp:comment_type><wp:comment_parent>{parent}</wp:comment_parent></wp:comment>
"""


def measure(both: Both) -> list[Figure]:
    folder = both.folder / "moving-in"
    folder.mkdir()
    write_export(folder / "old.xml", _POSTS)
    commands.run(folder, "init", "--no-example")
    seconds, megabytes = commands.run(folder, "import", "old.xml")
    note = f"{_POSTS:,} posts, {_POSTS * _COMMENTS:,} comments, {(folder / 'old.xml').stat().st_size:,} bytes"
    return [
        Figure(_GROUP, "import", seconds, "s", most=180, note=note),
        Figure(_GROUP, "memory of it", megabytes, "MB", most=300),
    ]


def write_export(file: Path, posts: int) -> None:
    """Writes an export with so many posts, each with five paragraphs, links to others, and comments."""
    lots = random.Random(1)
    words = [
        f"{stem}{ending}" for stem in ("meadow", "river", "lark", "stone", "wind") for ending in map(_word, range(900))
    ]
    with file.open("w") as opened:
        opened.write(_HEAD)
        for number in range(1, posts + 1):
            opened.write(_post(number, posts, words, lots))
        opened.write("</channel></rss>\n")


def _post(number: int, posts: int, words: list[str], lots: random.Random) -> str:
    at = _START + timedelta(hours=12 * number)
    link = f'<a href="https://old.example/?p={lots.randint(1, posts)}">there</a>'
    text = "\n\n".join(f"{' '.join(lots.choices(words, k=60))} {link}" for _ in range(5))
    comments = "".join(
        _COMMENT.format(
            id=number * _COMMENTS + index,
            at=at + timedelta(minutes=index + 1),
            text=" ".join(lots.choices(words, k=40)),
            parent=number * _COMMENTS if index == 1 else 0,
        )
        for index in range(_COMMENTS)
    )
    title = " ".join(lots.choices(words, k=5))
    tag = words[lots.randrange(50)]
    return _POST.format(title=title, id=number, day=f"{at:%Y/%m/%d}", at=at, text=text, tag=tag, comments=comments)


def _word(number: int) -> str:
    letters = "abcdefghij"
    return "".join(letters[int(digit)] for digit in str(number))
