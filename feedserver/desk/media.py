"""Pictures and files: what there is, what shows it, what describes it; added and removed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Response, abort, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.desk import carrying, frame, uploads
from feedserver.errors import MediaError, MediaStoreError
from feedserver.media import markup, store
from feedserver.media.model import Media
from feedserver.services import services
from feedserver.text import one_line
from feedserver.urls import page_number

ON_A_PAGE: Final = 24
_THUMB: Final = 240  # pixels


@frame.blueprint.get("/media")
def media() -> Response:
    return _page()


@frame.blueprint.post("/media")
@frame.takes_files
def add_media() -> Response | BaseResponse:
    """Adds files. A script is told their addresses and lines for texts as JSON, a browser is led to the list."""
    wants_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    alt = request.form.get("alt", "")
    try:
        found = uploads.added(alt)
    except MediaStoreError:
        raise
    except MediaError as error:
        return _problem(str(error), 422) if wants_json else _page(422, problem=str(error), alt=alt)
    if wants_json:
        return jsonify([{"url": services().urls.media(one.hash, one.name), **uploads.lines(one)} for one in found])
    return frame.led_to("/media", done="file-added")


@carrying.refills("desk.add_media")
def add_media_filled(fields: carrying.Fields, **values: Any) -> Response:
    return _page(alt=fields.get("alt", ""), **values)


@frame.blueprint.post("/media/<hash_>/describe")
def describe_media(hash_: str) -> BaseResponse:
    services().library.describe(_media(hash_), one_line(request.form.get("alt", "")))
    return frame.led_to("/media", done="file-described")


@carrying.refills("desk.describe_media")
def describe_media_filled(fields: carrying.Fields, hash_: str) -> Response:
    """The page with this file alone, whichever it stands on."""
    return _shown([replace(_media(hash_), alt=fields.get("alt", ""))])


@frame.blueprint.post("/media/<hash_>/remove")
def remove_media(hash_: str) -> Response | BaseResponse:
    """Removes what no post shows."""
    found = _media(hash_)
    try:
        services().library.remove(f"{found.hash}/{found.name}", force=False)
    except MediaStoreError:
        raise
    except MediaError as error:
        return _page(409, problem=str(error))
    return frame.led_to("/media", done="file-removed")


def _problem(text: str, status: int) -> Response:
    response = jsonify({"error": text})
    response.status_code = status
    return response


def _media(hash_: str) -> Media:
    with services().database.read() as connection:
        return store.by_hashes(connection, [hash_]).get(hash_) or abort(404)


def _page(status: int = 200, **values: Any) -> Response:
    page = page_number(request.args.get("page", "1")) or abort(404)
    with services().database.read() as connection:
        found = store.newest(connection, ON_A_PAGE + 1, (page - 1) * ON_A_PAGE)
    if not found and page > 1:
        abort(404)
    return _shown(found[:ON_A_PAGE], status, page=page, has_more=len(found) > ON_A_PAGE, **values)


def _shown(files: Sequence[Media], status: int = 200, **values: Any) -> Response:
    with services().database.read() as connection:
        shown_by = {one.hash: store.slugs_of(connection, one.hash) for one in files}
    return frame.render_desk(
        "desk/media.html",
        status,
        files=[(one, markup.first_copy_for(one, _THUMB)) for one in files],
        shown_by=shown_by,
        markdown=markup.markdown,
        **values,
    )
