"""Pictures and files of apps: they are taken in, and listed."""

from typing import Final

from feedserver.authoring.files import check_said
from feedserver.authoring.writing import FILES, require_scope
from feedserver.authoring.xmlrpc_apps.calls import AppCall
from feedserver.authoring.xmlrpc_apps.structs import Struct
from feedserver.authoring.xmlrpc_apps.values import Bits, Members, WrongArguments
from feedserver.media import store
from feedserver.media.model import Media
from feedserver.urls import Urls
from feedserver.xmlrpc import Value

_MOST: Final = 1000  # in one answer
_DEFAULT: Final = 100


def new(call: AppCall) -> Value:
    """`metaWeblog.newMediaObject`: the struct in the fourth parameter has `name`, `type` and `bits`."""
    require_scope(call.app, *FILES)
    said = Members(call.param(3))
    bits = said.raw("bits")
    if not isinstance(bits, Bits):
        raise WrongArguments("The member “bits” must be base64.")
    name = said.text("name") or "file"
    check_said(bits.file, name, [(said.text("type") or "").lower()])
    added = call.weblog.library.add(bits.file, name)
    return _struct(added, call.weblog.urls)


def listed(call: AppCall) -> Value:
    """`wp.getMediaLibrary`, the newest first, all or those of media types such as `image` and `image/png`."""
    require_scope(call.app, *FILES)
    wanted = Members(call.param(3) or None)
    number, offset = max(1, wanted.number("number", _DEFAULT)), max(0, wanted.number("offset", 0))
    kinds = [kind.lower().removesuffix("*").removesuffix("/") for kind in wanted.texts("mime_type") or ()]
    with call.weblog.database.read() as connection:
        found = store.newest(connection, min(number, _MOST), offset, [kind for kind in kinds if kind])
    return [_struct(one, call.weblog.urls) for one in found]


def _struct(of: Media, urls: Urls) -> Struct:
    """The struct of a picture or file, as WordPress gives it: its address under each of the names that clients read."""
    address = urls.media(of.hash, of.name)
    copies = [copy for copy in of.copies if copy.width]
    thumbnail = urls.media(copies[0].hash, copies[0].name) if copies else address
    metadata: Struct = {"file": f"{of.hash}/{of.name}", "filesize": of.size}
    if of.width and of.height:
        metadata |= {"width": of.width, "height": of.height, "sizes": []}
    number = str(int(of.hash[:7], 16))  # for clients that keep one; nothing asks for it
    return {
        "attachment_id": number,
        "date_created_gmt": of.added_at,
        "parent": 0,
        "link": address,
        "title": of.name,
        "caption": "",
        "description": of.alt,
        "metadata": metadata,
        "type": of.type,
        "thumbnail": thumbnail,
        "id": number,
        "file": of.name,
        "url": address,
    }
