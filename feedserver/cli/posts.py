"""`feedserver post …`: publish, edit, rename, delete, restore, erase, list and show; `post_history` has the rest."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from feedserver import post_bin
from feedserver.cli import post_history
from feedserver.cli.arguments import COPIES_STAY, Commands, listing, noun, open_site, print_list, readable, remark, verb
from feedserver.errors import InvalidDocument, MediaError, PostErased, PostError, PostGone, PostNotFound
from feedserver.media.model import Media
from feedserver.media.references import Own
from feedserver.posts import attaching, conditions, embedding, slugs, store
from feedserver.posts.document import FIELDS, MAX_BYTES, nearest_field
from feedserver.posts.model import DraftText, Post, PostSummary, Status
from feedserver.services import Services
from feedserver.thoughts import shown as thoughts


def add_commands(commands: Commands) -> None:
    group = noun(commands, "post", "publish, edit, rename, delete, restore, erase, list, show and preview posts")
    add = verb(group, "add", _add, "publish Markdown documents with front matter; prints their permalinks")
    add.add_argument("files", metavar="FILE", nargs="+", help="a document; - for standard input")
    edit = verb(group, "edit", _edit, "replace a post's content; its address, id and date stay")
    edit.add_argument("slug", metavar="SLUG")
    edit.add_argument("file", metavar="FILE", help="the document; - for standard input")
    rename = verb(group, "rename", _rename, "give a post another slug; the old address redirects for ever")
    rename.add_argument("slug", metavar="SLUG")
    rename.add_argument("new", metavar="NEW")
    for name, run, meaning in (
        ("delete", _delete, "delete a post; its address answers 410 until it is restored, for 30 days"),
        ("restore", _restore, "bring a deleted post back as it was"),
        ("erase", _erase, "erase a deleted post and its thoughts, for good; its address answers 410 for ever"),
        ("show", _show, "print a post's document as it was published"),
    ):
        verb(group, name, run, meaning).add_argument("slug", metavar="SLUG")
    listed = listing(group, "list", _list, "list all posts, newest first")
    listed.add_argument("--state", choices=get_args(Status), help="only those in this state")
    post_history.add_verbs(group)


def _add(chosen: Namespace) -> int:
    """Publishes each document. Of several, remarks name theirs, and one that is refused stops none of the others."""
    services = open_site()
    refused = 0
    for name in chosen.files:
        of_file = f"{name}: " if len(chosen.files) > 1 else ""
        try:
            document = _document(services, name, of_file)
            files = _files_beside(services, document, name, of_file)
            _print_post(services, services.publisher.add(document, services.clock(), files), document, of_file)
        except (PostError, MediaError, OSError) as error:
            if not of_file or isinstance(error, BrokenPipeError):
                raise
            remark(f"{of_file}{error.strerror if isinstance(error, OSError) else error}")
            refused = 1
    return refused


def _edit(chosen: Namespace) -> None:
    services = open_site()
    document = _document(services, chosen.file)
    if document.slug_is_given:
        _refuse_another_slug(services, chosen.slug, document.slug)
    files = _files_beside(services, document, chosen.file, edited=chosen.slug)
    _print_post(services, services.publisher.edit(chosen.slug, document, services.clock(), files), document)


def _refuse_another_slug(services: Services, slug: str, given: str) -> None:
    """Raises InvalidDocument if `given` is no slug of the post, present or former; not if it takes no edit anyway."""
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
        if post is None or post.state == "deleted" or store.slug_owner(connection, given) == post.id:
            return
    raise InvalidDocument(
        "slug", f"an edit changes none; `feedserver post rename {slug} {given}` does, then edit “{given}”"
    )


def _rename(chosen: Namespace) -> None:
    services = open_site()
    _print_post(services, services.publisher.rename(chosen.slug, chosen.new))


def _delete(chosen: Namespace) -> None:
    services = open_site()
    post = services.publisher.delete(chosen.slug)
    print(f"deleted {_permalink(services, post)}; `feedserver post restore {post.slug}` brings it back within 30 days")


def _restore(chosen: Namespace) -> None:
    services = open_site()
    _print_post(services, services.publisher.restore(chosen.slug))


def _erase(chosen: Namespace) -> None:
    services = open_site()
    post, thoughts_of_it = post_bin.erase_post(services, chosen.slug)
    services.database.forget_deleted()
    address = _permalink(services, post)
    print(f"erased {address} and its thoughts ({thoughts_of_it:,}), for good; it answers 410; {COPIES_STAY}")


def _list(chosen: Namespace) -> None:
    services = open_site()
    now = services.clock()
    with services.database.read() as connection:
        found = store.everything(connection)
        counts = thoughts.counts(connection)
    rows = (
        {
            "slug": post.slug,
            "url": _permalink(services, post),
            "id": post.guid,
            "title": post.title,
            "state": post.status(now),
            "published_at": None if post.state == "draft" else post.published_at,
            "updated_at": post.updated_at,
            "tags": post.tags,
            "authors": post.authors or (services.settings.site.author,),
            "thoughts": counts.get(post.id, (0, None))[0],
            "page": post.page,
        }
        for post in found
        if chosen.state in (None, post.status(now))
    )
    columns = ("published_at", "state", "slug", "title", "thoughts")
    if not chosen.json:
        rows = ({**row, "state": f"{row['state']} page"} if row["page"] else row for row in rows)
    print_list(rows, as_json=chosen.json, columns=columns, zone=services.settings.site.zone, roomy=("slug",))


def _show(chosen: Namespace) -> None:
    with open_site().database.read() as connection:
        post = store.by_slug(connection, chosen.slug)
    if post is None:
        raise PostNotFound(chosen.slug)
    if post.is_erased:
        raise PostErased(chosen.slug)
    if post.state == "deleted":
        remark(str(PostGone(chosen.slug)))
    print(post.source, end="" if post.source.endswith("\n") else "\n")


def _document(services: Services, name: str, of_file: str = "") -> DraftText:
    """Reads a document from a file or standard input; says on standard error what was left out of it.

    `of_file` begins each line that is said.
    """
    if name == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin else b""
    else:
        with Path(name).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    if not content.strip():
        raise InvalidDocument("document", "is empty")
    document = services.publisher.read(content)
    for field in document.unknown_fields:
        near = nearest_field(field)
        hint = f"did you mean “{near}”?" if near else f"the fields are {', '.join(FIELDS)}"
        if near == field.casefold():  # the name of a field that has no meaning here
            hint = "it is one of pages alone (“page: true”)"
        remark(f"{of_file}unknown field “{field}” is left out; {hint}")
    for field in document.commented:
        hint = "write the value in quotes to keep it"
        remark(f"{of_file}{field}: what follows “ #” is a comment and is left out; {hint}")
    return document


def _files_beside(
    services: Services, document: DraftText, name: str, of_file: str = "", edited: str | None = None
) -> dict[str, Media]:
    """Stores the files beside the document that it names; says what is not taken, and what nobody describes.

    `edited` is the slug of the post that the document is for: what that has already need not be there.
    """
    known = {} if edited is None else services.publisher.files_of(edited)
    named = attaching.named_in(document)
    paths = attaching.files_beside(named, None if name == "-" else Path(name).parent, known)
    if paths:  # what is refused is refused before anything is stored
        with services.database.read() as connection:
            if edited is None:
                slugs.check_free(connection, document.slug, page=document.page)
            else:
                conditions.check_edit(connection, edited, document)
    for address in embedding.unknown(services.database, services.urls, named.shown):
        remark(f"{of_file}“{address}” is no picture or file of this site; `feedserver media list` shows them all")
    for address in named.outside:
        if Own(services.urls.base).hash_in(address) is None:
            remark(f"{of_file}“{address}” is not in the folder of the document, and was not taken along")
    kept = services.library.keep_all(paths)
    for line in _of_taken(named, kept):
        remark(f"{of_file}{line}")
    return kept


def _of_taken(named: attaching.Named, kept: Mapping[str, Media]) -> Iterator[str]:
    """What to tell of the files that were taken along: what browsers do not show, and what nobody describes."""
    for file in named.files:
        taken = kept.get(file.name)
        if taken is None:
            continue
        if file.field == "body" and file.is_needed and not taken.can_be_shown:
            yield f"“{file.name}” is nothing that browsers show; save a picture as JPEG, PNG or WebP"
        if file.field == "enclosures" and taken.is_picture and not taken.alt:
            yield f"“{file.name}” has no alternative text; `feedserver media add` gives it one with --alt"
    for beside in named.undescribed:
        if beside in kept and kept[beside].can_be_shown and not kept[beside].alt:
            yield f"“{beside}” has no alternative text; say what it shows, as in ![a red roof]({beside})"


def _print_post(services: Services, post: Post, document: DraftText | None = None, of_file: str = "") -> None:
    """Prints the permalink of a post, or a preview of a draft; on standard error why readers cannot see it yet."""
    status = post.status(services.clock())
    if status == "scheduled":
        remark(f"{of_file}scheduled for {readable(post.published_at, services.settings.site.zone)}")
    elif status == "draft":
        remark(f"{of_file}saved “{post.slug}” as a draft{_why_withheld(document)}")
    elif document is not None and document.until is not None:
        until = f"{document.until:%Y-%m-%d %H:%M} UTC"
        remark(f"{of_file}readers will still see “{post.slug}” after {until}; delete it then")
    print(post_history.new_preview(services, post) if status == "draft" else _permalink(services, post))


def _permalink(services: Services, post: Post | PostSummary) -> str:
    return services.urls.permalink(post.slug, is_page=post.page)


def _why_withheld(document: DraftText | None) -> str:
    if document is None or not (document.withheld_by or document.until):
        return ""
    if document.withheld_by:
        return " because of " + ", ".join(f"“{field}”" for field in document.withheld_by)
    return f": its time ended at {document.until:%Y-%m-%d %H:%M} UTC" if document.until else ""
