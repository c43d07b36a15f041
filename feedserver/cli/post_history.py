"""`feedserver post preview` and `post history`: a post before readers see it, and each text that was saved of it."""

from argparse import Namespace
from dataclasses import asdict

from feedserver.cli.arguments import Commands, counted, listing, open_site, print_list, remark, verb
from feedserver.errors import PostErased, PostGone, PostNotFound
from feedserver.posts import previews, revisions, store
from feedserver.posts.model import Post
from feedserver.services import Services


def add_verbs(group: Commands) -> None:
    preview = verb(
        group, "preview", _preview, "print an address at which a draft or scheduled post can be read for 7 days"
    )
    preview.add_argument("slug", metavar="SLUG")
    preview.add_argument("--revoke", action="store_true", help="end all such addresses of the post instead")
    history = listing(group, "history", _history, "list the texts of a post that were saved, newest first")
    history.add_argument("slug", metavar="SLUG")


def new_preview(services: Services, post: Post) -> str:
    """Makes a preview of a post; returns its address."""
    token = services.database.transact(lambda connection: previews.make(connection, post.id, services.clock()))
    return services.urls.preview(token)


def _preview(chosen: Namespace) -> None:
    services = open_site()
    post = _post(services, chosen.slug)
    if chosen.revoke:
        ended = services.database.transact(lambda connection: previews.revoke(connection, post.id))
        print(f"ended {counted(ended, 'preview')} of “{post.slug}”")
        return
    if post.state == "deleted":
        raise PostGone(chosen.slug)
    if post.visible(services.clock()):
        remark(
            f"“{post.slug}” is public: {services.urls.permalink(post.slug, is_page=post.page)}; its previews lead there"
        )
    print(new_preview(services, post))


def _history(chosen: Namespace) -> None:
    services = open_site()
    post = _post(services, chosen.slug)
    with services.database.read() as connection:
        found = revisions.history(connection, post.id)
    zone = services.settings.site.zone
    rows = (asdict(one) for one in found)
    print_list(rows, as_json=chosen.json, columns=("number", "at", "by", "via", "title"), zone=zone)


def _post(services: Services, slug: str) -> Post:
    with services.database.read() as connection:
        post = store.by_slug(connection, slug)
    if post is None:
        raise PostNotFound(slug)
    if post.is_erased:
        raise PostErased(slug)
    return post
