"""What rows of an export of feedserver must be beyond the types of their columns: such as feedserver writes them. Pure.

All are shown, followed or served later by code that relies on it.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID

from feedserver.errors import ImportRefused, InvalidDocument
from feedserver.media.content_types import EXTENSIONS
from feedserver.media.model import is_file_name, is_hash
from feedserver.posts import ids
from feedserver.posts.document import MAX_BYTES, check_slug
from feedserver.posts.model import PostState, Via
from feedserver.posts.references import FIELDS
from feedserver.thoughts.contents import from_json
from feedserver.thoughts.model import STATES, Content, Kind, Response
from feedserver.urls import scheme, split_http

_KINDS: Final = get_args(Kind)
_NO_PAGE: Final = "has an address that is none of http or https"
_RESPONSES: Final = (None, *get_args(Response))


def require_site(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless the ids of feeds can be made of the site's, and archives have posts."""
    try:
        UUID(row["guid"])
    except ValueError:
        raise ImportRefused(f"{where}: has no “guid” that can be taken") from None
    if row["archive_size"] is not None and row["archive_size"] < 1:
        raise ImportRefused(f"{where}: has no “archive_size” that can be taken")


def require_post(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless a post has an address, an id and a state such as feedserver gives, and answers web
    pages."""
    try:
        is_right = check_slug(row["slug"]) == row["slug"] and ids.checked(row["guid"]) == row["guid"]
    except InvalidDocument:
        is_right = False
    if not is_right or row["state"] not in get_args(PostState):
        raise ImportRefused(f"{where}: has no “slug”, “guid” or “state” that can be taken")
    if any(split_http(address) is None for field in FIELDS for address in row[field] or ()):
        raise ImportRefused(f"{where}: {_NO_PAGE}")


def require_revision(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless a revision has a number, and came through a door that feedserver has."""
    if row["number"] < 1 or row["via"] not in get_args(Via) or len(row["source"].encode()) > MAX_BYTES:
        raise ImportRefused(f"{where}: has no “number”, “via” or “source” that can be taken")


def require_enclosure(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless an enclosure is of the web, or of the site."""
    if (scheme(row["url"]) and split_http(row["url"]) is None) or row["length"] < 0:
        raise ImportRefused(f"{where}: has no enclosure that can be taken")


def require_file(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless a file has a name and a type such as feedserver gives: both are sent as they are."""
    if not is_hash(row["hash"]) or not is_file_name(row["name"]):
        raise ImportRefused(f"{where}: names no picture or file")
    sides = [side for side in (row["width"], row["height"]) if side is not None]
    if row["type"] not in EXTENSIONS or row["size"] < 0 or any(side < 1 for side in sides):
        raise ImportRefused(f"{where}: has no “type” or size that can be taken")


def require_thought(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless a thought is of a kind that is known, and what it links to are web pages."""
    if row["state"] not in STATES or row["kind"] not in _KINDS or row["response"] not in _RESPONSES:
        raise ImportRefused(f"{where}: has no “state”, “kind” or “response” that can be taken")
    if not row["source"] and row["state"] == "shown" and row["kind"] != "comment":
        raise ImportRefused(f"{where}: has no “source”")
    pending = _pending(row, where)
    addresses = (row["source"], row["author_url"], pending.author_url if pending else None)
    if any(address and split_http(address) is None for address in addresses):
        raise ImportRefused(f"{where}: {_NO_PAGE}")


def _pending(row: Mapping[str, Any], where: str) -> Content | None:
    try:
        found = from_json(row["pending_content"], row["pending_entry"])
        if found is None or all(isinstance(text, str) for text in (found.author_url, found.excerpt, found.title)):
            return found
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ImportRefused(f"{where}: has no “pending_content” that can be taken")


def require_redirect(row: Mapping[str, Any], where: str) -> None:
    """Raises ImportRefused unless a redirect leads to a path of this site, or to a page elsewhere; home stays home."""
    new = row["new"]
    leads = split_http(new) is not None if row["new_key"] is None else new.startswith("/") and not new.startswith("//")
    if not leads or row["key"] == "/":
        raise ImportRefused(f"{where}: leads to no address that can be taken")
