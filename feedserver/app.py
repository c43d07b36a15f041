"""Builds the web application: blueprints, templates, error pages and WSGI layers."""

import logging
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, redirect, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from feedserver import health, request_ids, worker_settings
from feedserver.authoring.indieauth import views as indieauth_views
from feedserver.authoring.micropub import views as micropub_views
from feedserver.authoring.micropub.bodies import rule_for as micropub_body_rule
from feedserver.authoring.xmlrpc_apps import bodies as xmlrpc_bodies
from feedserver.authoring.xmlrpc_apps import views as xmlrpc_views
from feedserver.content_security import page_policy
from feedserver.desk import bodies as desk_bodies
from feedserver.desk import error_pages as desk_error_pages
from feedserver.desk import views as desk_views
from feedserver.errors import FeedNotFound, MediaStoreError, PostGone, PostNotFound
from feedserver.feeds import autodiscovery, browsing
from feedserver.feeds import views as feed_views
from feedserver.feeds.scopes import urls_by_format
from feedserver.languages.messages import Message
from feedserver.media import views as media_views
from feedserver.notices import views as notice_views
from feedserver.pages import (
    archive,
    crawlers,
    oembed,
    old_addresses,
    previews,
    private,
    search,
    search_feeds,
    site_pages,
    templating,
    theme_templates,
)
from feedserver.pages import views as page_views
from feedserver.pages.static_files import Look, blueprint_of, look_of
from feedserver.pages.theme import read as read_theme
from feedserver.services import EXTENSION, WebServices, services
from feedserver.settings import Settings
from feedserver.storage.explaining import is_outage
from feedserver.thoughts import comments, webmention_views
from feedserver.thoughts import views as thought_views
from feedserver.urls import Urls
from feedserver.web.bodies import Bodies, BodyDeadline, BodyRule, RuleFor
from feedserver.web.feed_fast_path import FeedFastPath
from feedserver.web.forms import RequestOfFewFields
from feedserver.web.media_fast_path import MediaFastPath
from feedserver.web.middleware import Mounted, TrustedProxies
from feedserver.web.never_stored import NEVER_STORED, SECRET_ADDRESS, NeverStored
from feedserver.web.observing import NO_ROUTE, ROUTE, Observed
from feedserver.web.routing import EncodedSlashes, NameConverter, WsgiApp, encoded_path, plain_path
from feedserver.websub import views as websub_views

_log = logging.getLogger(__name__)

_PAGE_HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}
_STATIC_SECONDS = 31_536_000  # a year: the stylesheet's URL changes with its bytes
_BODY_SECONDS = 25  # to receive the whole body of a request
_MESSAGES = {
    403: (Message("Not here"), Message("This cannot be done here.")),
    404: (
        Message("Not found"),
        Message("There is nothing at this address. Perhaps it was mistyped, or never was."),
    ),
    405: (Message("Not this way"), Message("This address does not take requests of this kind.")),
    410: (Message("Gone"), Message("There was something here. Its author has taken it away.")),
    413: (Message("Too large"), Message("That was more than this address takes.")),
    429: (
        Message("Too often"),
        Message("This was asked for too often within a minute. Please wait a little while."),
    ),
    500: (
        Message("Our fault"),
        Message("Something went wrong on our side. Please try again in a little while."),
    ),
    503: (
        Message("One moment"),
        Message("The site is not able to answer just now. Please try again in a little while."),
    ),
}
_OTHER = Message("That did not work"), Message("The request could not be understood.")


def create_app(settings: Settings | None = None, services: WebServices | None = None) -> Flask:
    """The WSGI application. `installation.init` must have made the database.

    Without `settings`, they are those in force for a worker (`worker_settings`). `services` replaces the parts made
    from them, so that a test can use its own clock or fetcher. Raises SettingsError or StorageError.
    """
    read_before = worker_settings.theme_in_force() if settings is None and services is None else None
    services = services or WebServices(settings or worker_settings.in_force())
    theme = read_before or read_theme(services.settings.site.theme)
    look = look_of(theme)
    app = Flask("feedserver", static_folder=None)
    app.request_class = RequestOfFewFields
    app.extensions[EXTENSION] = services
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's default provider has it
    app.url_map.merge_slashes = False  # a tag may contain two slashes in a row
    app.url_map.converters |= {"name": NameConverter, "page": site_pages.PageConverter}
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STATIC_SECONDS
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = theme_templates.loader(theme.templates)
    for blueprint in (
        page_views.blueprint,
        archive.blueprint,
        crawlers.blueprint,
        oembed.blueprint,
        search.blueprint,
        search_feeds.blueprint,
        private.blueprint,
        previews.blueprint,
        old_addresses.blueprint,
        site_pages.blueprint,
        feed_views.blueprint,
        browsing.blueprint,
        media_views.blueprint,
        thought_views.blueprint,
        notice_views.blueprint,
        webmention_views.blueprint,
        xmlrpc_views.blueprint,
        micropub_views.blueprint,
        indieauth_views.blueprint,
        health.blueprint,
        blueprint_of(look),
        *desk_views.BLUEPRINTS,
    ):
        app.register_blueprint(blueprint)
    if services.metrics is not None:
        from feedserver.metrics import views as metrics_views

        app.register_blueprint(metrics_views.blueprint)
    if services.settings.websub.hub:
        app.register_blueprint(websub_views.blueprint)
    _prepare_templates(app, services, look)
    _prepare_errors(app)
    app.before_request(_to_the_one_address)
    page_headers = _page_headers(services.urls)
    app.after_request(partial(_secure, page_headers, _card_headers(page_headers)))
    app.wsgi_app = _layered(app.wsgi_app, services)  # type: ignore[method-assign, assignment]
    return app


def _layered(flask: WsgiApp, services: WebServices) -> WsgiApp:
    """The layers that a request passes before Flask, the innermost first."""
    settings = services.settings
    # What takes longer bodies than the forms of readers do.
    doors: dict[str, RuleFor] = {
        "/desk": partial(desk_bodies.rule_for, services),
        "/xmlrpc.php": partial(xmlrpc_bodies.rule_for, services),
        micropub_views.PATH: partial(micropub_body_rule, apps=services.apps, largest_file=settings.media.largest),
    }
    in_time = BodyDeadline(flask, Bodies(BodyRule.whole(comments.MAX_BODY, _BODY_SECONDS), doors))
    secret_addresses = dict.fromkeys(("/moderation", "/notices", "/previews", "/receipts"), SECRET_ADDRESS)
    never_stored = NeverStored(EncodedSlashes(in_time), {"/desk": NEVER_STORED, **secret_addresses})
    media_first = MediaFastPath(never_stored, services.media_responder)
    feeds_first = FeedFastPath(media_first, services.feed_responder, services.urls)
    mounted = Mounted(feeds_first, settings.site.url, everywhere=("/healthz", "/readyz", "/metrics", "/robots.txt"))
    in_front = TrustedProxies(mounted, settings.server.trusted_proxies)
    return in_front if services.counts is None else Observed(in_front, services.counts.request)


def _prepare_templates(app: Flask, services: WebServices, look: Look) -> None:
    site = services.settings.site
    app.jinja_env.globals |= {
        "site": site,
        "urls": services.urls,
        "menu": services.menu,
        "feed_urls": partial(urls_by_format, services.urls),
        "request_id": request_ids.current,
        "stylesheet": services.urls.at(look.style.versioned_path),
        "stylesheets": look.stylesheets(services.urls),
    }
    templating.prepare(app.jinja_env, services.language)


def compile_templates(app: Flask) -> None:
    """Compiles the templates of pages for readers, whose first visitors need not wait for it then.

    Those of the desk and of notices, and ours under the name by which a theme extends them, are compiled when they are
    first shown.
    """
    assert app.jinja_loader is not None
    for name in app.jinja_loader.list_templates():
        if not name.startswith(f"{theme_templates.OURS}/"):
            app.jinja_env.get_template(name)


def _prepare_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, _error_page)
    for nothing_there in (NotFound, FeedNotFound, PostNotFound):
        app.register_error_handler(nothing_there, _nothing_there)
    app.register_error_handler(MediaStoreError, _storage_error)
    app.register_error_handler(DBAPIError, _storage_error)
    app.register_error_handler(NoConnection, _storage_error)


def _to_the_one_address() -> BaseResponse | None:
    """Redirects from a path with empty or dot segments, or with a slash at its end: relative links need one base."""
    sent = request.environ["PATH_INFO"]
    is_doubled = sent[:2] in ("", "//")  # which the router ignores
    if request.method not in ("GET", "HEAD") or not (is_doubled or isinstance(request.routing_exception, NotFound)):
        return None
    path, adapter = plain_path(request.path), current_app.create_url_adapter(request)
    if not (is_doubled or path != request.path) or adapter is None or not adapter.test(path, "GET"):
        return None
    site_pages.require(*adapter.match(path, "GET"))
    return redirect(services().urls.at(encoded_path(path)) + page_views.query_as_sent(), 301)


def _nothing_there(error: Exception) -> BaseResponse:
    """404 or 410, unless it is an old address of something; 503 while nobody can know that."""
    try:
        return old_addresses.instead(error) or _message_page(410 if isinstance(error, PostGone) else 404)
    except PostGone:
        return _message_page(410)
    except (DBAPIError, NoConnection) as outage:
        return _storage_error(outage)


def _error_page(error: HTTPException) -> BaseResponse:
    if error.response is not None or (error.code or 500) < 400:  # a redirect from the router
        return error.get_response(request.environ)
    response = _message_page(error.code or 500)
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _storage_error(error: DBAPIError | NoConnection | MediaStoreError) -> Response:
    if isinstance(error, MediaStoreError):
        _log.error("%s", error)
    elif not is_outage(error):
        _log.error("the database refused a statement", exc_info=error)
    response = _message_page(ServiceUnavailable.code)
    response.headers["Retry-After"] = "30"
    return response


def _message_page(status: int) -> Response:
    """An error page for readers, or, below /desk, for its author."""
    heading, message = _MESSAGES.get(status, _OTHER)
    if desk_error_pages.is_below_desk():
        return desk_error_pages.page(status, heading, message)
    values: dict[str, Any] = {"heading": heading, "message": message, "canonical": None, "status": status}
    if status >= 500:  # the database may be away
        values["menu"] = services().menu.last_known
    page = render_template("error.html", feeds=autodiscovery.for_site(), **values)
    return Response(page, status, content_type="text/html; charset=utf-8")


def _page_headers(urls: Urls) -> dict[str, str]:
    return {"Content-Security-Policy": page_policy(urls.base), **_PAGE_HEADERS}


def _card_headers(page_headers: dict[str, str]) -> dict[str, str]:
    """The headers of a page that any site may frame."""
    policy = page_headers["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors *")
    headers = page_headers | {"Content-Security-Policy": policy}
    del headers["X-Frame-Options"]
    return headers


def _secure(page_headers: dict[str, str], card_headers: dict[str, str], response: Response) -> Response:
    """Adds security headers: nosniff to all responses, `page_headers` to HTML, `card_headers` to cards.

    Notes the route, for what observes requests.
    """
    request.environ[ROUTE] = request.endpoint or NO_ROUTE
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        headers = card_headers if request.endpoint == "oembed.card" else page_headers
        for name, value in headers.items():
            response.headers.setdefault(name, value)
    return response
