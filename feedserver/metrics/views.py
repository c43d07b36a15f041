"""/metrics, for the operator's Prometheus alone (`server.metrics`): others are told that there is no such page.

At the root alone, also where the site is below a path: there config/nginx.conf hides it.
"""

from ipaddress import ip_address

from flask import Blueprint, Response, abort, request

from feedserver.host_names import IS_HIDDEN, is_within
from feedserver.metrics.exposition import CONTENT_TYPE
from feedserver.services import services

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The metrics in Prometheus's text format."""
    parts = services()
    client = ip_address(request.environ["REMOTE_ADDR"])
    is_hidden = request.environ.get(IS_HIDDEN, False)  # then it is the address of the proxy, which may be loopback
    may_read = is_within(client, parts.settings.server.metrics) and not is_hidden
    if parts.metrics is None or request.script_root or not may_read:
        abort(404)
    response = Response(parts.metrics.text(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
