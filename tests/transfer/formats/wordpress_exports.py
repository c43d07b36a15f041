"""Exports of WordPress as tests make them: an item has what it is given, else what an ordinary post has."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from xml.sax.saxutils import quoteattr

from feedserver.transfer.formats import wordpress
from feedserver.transfer.items import ImportedPost, ImportedThought
from tests.support.exports import Export, read

SITE = "https://old.example"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Old</title>'
)
_POST = {
    "title": "A post",
    "link": f"{SITE}/2023/03/04/a-post/",
    "guid": f"{SITE}/?p=7",
    "dc:creator": "mara",
    "content:encoded": "Words",
    "wp:post_id": "7",
    "wp:post_date": "2023-03-04 21:15:00",
    "wp:post_date_gmt": "2023-03-04 19:15:00",
    "wp:post_name": "a-post",
    "wp:status": "publish",
    "wp:post_type": "post",
}
_COMMENT = {
    "wp:comment_id": "1",
    "wp:comment_author": "Ann",
    "wp:comment_author_email": "ann@mail.example",
    "wp:comment_author_IP": "192.0.2.7",
    "wp:comment_date": "2023-03-05 08:00:00",
    "wp:comment_date_gmt": "2023-03-05 06:00:00",
    "wp:comment_content": "Hello",
    "wp:comment_approved": "1",
    "wp:comment_type": "comment",
    "wp:comment_parent": "0",
}


def item(*inside: str, **given: str) -> str:
    """An item; names are written with two lines below for the colon. `inside` is markup that stands in it."""
    return f"<item>{_elements(_POST, given)}{''.join(inside)}</item>\n"


def attachment(number: str, url: str, *inside: str, **given: str) -> str:
    """A file of the library."""
    defaults = {
        "title": "a file",
        "link": f"{SITE}/file-{number}/",
        "guid": "",
        "content__encoded": "",
        "wp__post_id": number,
        "wp__status": "inherit",
        "wp__post_type": "attachment",
        "wp__attachment_url": url,
    }
    return item(*inside, **(defaults | given))


def comment(*inside: str, **given: str) -> str:
    return f"<wp:comment>{_elements(_COMMENT, given)}{''.join(inside)}</wp:comment>"


def meta(name: str, value: str, element: str = "wp:postmeta") -> str:
    return f"<{element}>{_elements({'wp:meta_key': name, 'wp:meta_value': value}, {})}</{element}>"


def term(domain: str, slug: str, name: str) -> str:
    return f"<category domain={quoteattr(domain)} nicename={quoteattr(slug)}>{_cdata(name)}</category>"


def wxr(*items: str, channel: str = "", site: str = SITE) -> bytes:
    """A whole export. `channel` is markup that stands before the items."""
    base = f"<link>{site}</link><wp:base_blog_url>{site}</wp:base_blog_url>" if site else ""
    return f"{_HEAD}{base}{channel}\n{''.join(items)}</channel></rss>".encode()


def export_of(tmp_path: Path, *items: str, channel: str = "", zone: tzinfo = UTC, forgiving: bool = False) -> Export:
    """What the reader gives of an export with these items."""
    file = tmp_path / "export.xml"
    file.write_bytes(wxr(*items, channel=channel))
    return read(wordpress, file, tmp_path, zone=zone, forgiving=forgiving)


def post_of(tmp_path: Path, *inside: str, **given: str) -> ImportedPost:
    (post,) = export_of(tmp_path, item(*inside, **given)).posts
    return post


def thought_of(tmp_path: Path, *inside: str, **given: str) -> ImportedThought:
    (thought,) = export_of(tmp_path, item(comment(*inside, **given))).thoughts
    return thought


def _elements(defaults: Mapping[str, str], given: Mapping[str, str]) -> str:
    values = dict(defaults) | {name.replace("__", ":"): value for name, value in given.items()}
    return "".join(f"<{name}>{_cdata(value)}</{name}>" for name, value in values.items())


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
