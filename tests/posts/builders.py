"""Documents, published and edited posts, and all stored rows, for tests."""

from typing import Any

from sqlalchemy import select

from feedserver.posts.model import Post, Rendered
from feedserver.posts.rendering import render
from feedserver.services import WebServices
from feedserver.storage.schema import metadata


def document(title: str | None = "A post", body: str = "Some words.", **front: object) -> bytes:
    """A document; any further front matter by name."""
    fields = ({"title": title} if title is not None else {}) | front
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return ("---\n" + "\n".join(lines) + f"\n---\n{body}\n").encode()


def everything(services: WebServices) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with services.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def publish(services: WebServices, title: str = "A post", body: str = "Some words.", **front: object) -> Post:
    """Publishes a post now."""
    publisher = services.publisher
    return publisher.add(publisher.read(document(title, body, **front)), services.clock())


def edit(
    services: WebServices, slug: str, /, title: str = "A post", body: str = "Some words.", **front: object
) -> Post:
    """Gives a post new content, now."""
    publisher = services.publisher
    return publisher.edit(slug, publisher.read(document(title, body, **front)), services.clock())


def rendered(body: str, language: str = "en") -> Rendered:
    """A body as rendered."""
    return render(body, language)
