"""The frame of all pages of the desk: who may see them, from where forms are taken, their headers and layout.

How to write a page:

    @frame.blueprint.get("/posts")                # below /desk; nobody comes here without a session
    def posts() -> Response:
        mine = frame.signed_in().account          # the name of the account
        return frame.render_desk("desk/posts.html", title="Posts", posts=found)

    @frame.blueprint.post("/posts/<slug>")        # sent by a page of this site, with the token of this session
    def edit(slug: str) -> Response:
        return frame.led_to("/posts", done="saved")   # 303; `desk/done.py` has the sentence

Each form that is sent by POST has `{{ form_token }}` in it. A form that holds text says with `carrying.refills` how it
is shown filled in: sent after the session has ended, it answers 403 with the sign-in form, is carried along, and stands
there again after signing in, with nothing done. Where the database is away it answers 503 with a form that sends the
same fields once more; where files came with them, with one that leads to the filled form. A view that takes files is
marked with `takes_files`; others take `MAX_FORM` bytes. A page that needs other headers sets them: those here are
defaults.
"""

import hmac
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.wrappers import Response as BaseResponse

from feedserver.accounts.model import Session
from feedserver.accounts.sessions import NOTED_AFTER
from feedserver.desk import carrying, cookies
from feedserver.desk.done import SENTENCES
from feedserver.desk.form_limits import require_modest
from feedserver.desk.origin import is_from_here, origin_of
from feedserver.errors import MediaStoreError
from feedserver.languages.english import Language
from feedserver.services import services
from feedserver.storage.explaining import is_outage
from feedserver.tokens import hashed
from feedserver.web.bodies import FILES_LEFT_OUT

_log = logging.getLogger(__name__)

blueprint: Final = Blueprint("desk", __name__, url_prefix="/desk", template_folder="templates")
files: Final = Blueprint("desk_files", __name__, static_folder="static", static_url_path="/static/desk")

MAX_FORM: Final = 8 * 1_048_576  # bytes of a form without files
MAX_CARRYING: Final = MAX_FORM + 262_144  # of the sign-in form, in which the fields of another have longer names
_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind} 'self' {{origin}}" for kind in ("script-src", "style-src", "img-src", "media-src", "connect-src")),
        "frame-src 'self' {origin}",
        "form-action 'self' {origin}{more_form_targets}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_SIGN_IN: Final = "desk.sign_in"  # the endpoint of the form that carries others along
_ENDED: Final = "The session of this form has ended. Nothing was done."
_AWAY: Final = "The site cannot answer just now. Please sign in again in a little while."
_TOO_LARGE: Final = "The files are too large: they may have {:,} bytes (media.largest)."
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_RETRY_AFTER: Final = "10"  # seconds

View = TypeVar("View", bound=Callable[..., Any])
_open: set[str] = set()
_taking_files: set[str] = set()


# --- for views ---


def signed_in() -> Session:
    """The session of the present request; `account` in it is the name."""
    session: Session = g.desk_session
    return session


def is_signed_in() -> bool:
    """Whether there is a session: in a view that is open to all."""
    return "desk_session" in g


def render_desk(template: str, status: int = 200, **values: Any) -> Response:
    """A page in the layout of the desk."""
    session = g.get("desk_session")
    values |= {
        "account": session.account if session else None,
        "form_token": _token_field(g.desk_secret) if session else "",
        "done": SENTENCES.get(request.args.get("done", "")),
        "asset": _asset_url,
        "language": Language("en", services().settings.site.zone),  # whatever that of the site is
    }
    response = make_response(render_template(template, **values), status)
    response.content_type = "text/html; charset=utf-8"
    return response


def led_to(path: str, done: str | None = None) -> BaseResponse:
    """Leads the browser to a page of the desk (303); `path` is that below /desk, `done` a word of `desk/done.py`."""
    assert done is None or done in SENTENCES
    mark = "&" if "?" in path else "?"
    return redirect(services().urls.desk(path) + (f"{mark}done={done}" if done else ""), 303)


def open_to_all(view: View) -> View:
    """Marks a view that asks for no session, and so for no token of one."""
    _open.add(f"{blueprint.name}.{view.__name__}")
    return view


def takes_files(view: View) -> View:
    """Marks a view whose forms are as long as `media.largest` allows."""
    _taking_files.add(f"{blueprint.name}.{view.__name__}")
    return view


def let_forms_lead_to(source: str) -> None:
    """Lets the form of the present page be answered with a redirect to another site, an origin or a scheme of CSP."""
    g.desk_form_target = source


def begin_session(secret: str, session: Session) -> None:
    """Lets the present request go on as one of a session that has just begun."""
    g.desk_secret, g.desk_session, g.desk_cookie = secret, session, secret


def end_session() -> None:
    """Lets the browser forget a session that has ended."""
    g.desk_has_ended, g.desk_cookie = True, None


def written() -> list[tuple[str, str]]:
    """What somebody has written in the present form, for a page that says why nothing came of it; nothing of a form
    that is refused unread."""
    return carrying.written() if g.get("desk_reads_form") else []


# --- for each request ---


@blueprint.before_request
def _guard() -> Response | BaseResponse | None:
    """Lets nobody through who is not signed in, and no form that was not sent from a page of this session."""
    request.max_form_memory_size = MAX_FORM
    request.max_content_length = _longest()
    is_safe = request.method in _SAFE_METHODS
    if not is_safe and not _is_from_here():
        abort(403)
    find_session()
    if not is_safe and "desk_session" not in g:
        require_modest()
    g.desk_reads_form = True
    if request.endpoint in _open:
        return abort(413) if FILES_LEFT_OUT in request.environ else None
    if is_safe:
        return None if "desk_session" in g else _led_to_sign_in()
    if "desk_session" in g and _is_token(request.form.get(carrying.FORM_TOKEN, "")):
        return _filled_in()
    return ask_to_sign_in(carrying.of_this_form(), _as_sent(), 403, problem=_ENDED)


def _longest() -> int:
    """How many bytes the present form may have."""
    if request.endpoint in _taking_files and request.mimetype == "multipart/form-data":
        return MAX_FORM + services().settings.media.largest
    return MAX_CARRYING if request.endpoint == _SIGN_IN else MAX_FORM


def _filled_in() -> BaseResponse | None:
    """The present form, in a page, where it asks for that, or where its files are too large; None if it is to be
    taken."""
    if FILES_LEFT_OUT in request.environ:
        if request.endpoint not in _taking_files:
            abort(413)
        largest = services().settings.media.largest
        return carrying.filled_in(status=413, problem=_TOO_LARGE.format(largest))
    return carrying.filled_in() if carrying.SHOW_AGAIN in request.form else None


def ask_to_sign_in(kept: list[tuple[str, str]], path: str, status: int = 200, **values: Any) -> Response:
    """The sign-in form; `kept` are hidden fields of a form that was sent to `path`, below `site.url`."""
    return render_desk("desk/sign_in.html", status, kept=kept, next=path, lost_files=_loses_files(), **values)


def _loses_files() -> bool:
    """Whether files came with the present form, which cannot be carried along."""
    return FILES_LEFT_OUT in request.environ or any(file.filename for file in request.files.values())


@blueprint.after_request
def finish(response: Response) -> Response:
    """Adds the headers of the desk, and the cookie where it changes."""
    base = services().urls.base
    response.headers.setdefault("Content-Security-Policy", _policy(base))
    response.headers.setdefault(
        "Referrer-Policy", "same-origin"
    )  # with “no-referrer”, forms are sent from Origin: null
    if (secret := g.get("desk_cookie")) is not None:
        cookies.put(response, secret, base)
    elif g.get("desk_has_ended"):
        cookies.take_away(response, base)
    return response


@blueprint.errorhandler(DBAPIError)
@blueprint.errorhandler(NoConnection)
@blueprint.errorhandler(MediaStoreError)
def _storage_away(error: DBAPIError | NoConnection | MediaStoreError) -> Response:
    """A page that says so. Where a form that holds text was sent, it sends the same fields once more, or, if files came
    with it, leads to the filled form; where the sign-in form carried some along, it is that form, which carries them
    on."""
    if isinstance(error, MediaStoreError):
        _log.error("%s", error)
    elif not is_outage(error):
        _log.error("the database refused a statement", exc_info=error)
    fields, carried = carrying.while_away()
    if carried:
        name, path = request.form.get("name", ""), request.form.get("next", "")
        response = ask_to_sign_in(carried, path, 503, name=name, problem=_AWAY)
    else:
        lost_files = bool(fields) and _loses_files()
        fields += [(carrying.SHOW_AGAIN, "1")] if lost_files else []
        values = {"fields": fields, "lost_files": lost_files, "action": services().urls.at(_as_sent())}
        response = render_desk("desk/away.html", 503, **values)
    response.headers["Retry-After"] = _RETRY_AFTER
    return response


def _policy(base: str) -> str:
    target = g.get("desk_form_target")
    return _POLICY.format(origin=origin_of(base), more_form_targets=f" {target}" if target else "")


def _is_from_here() -> bool:
    headers = request.headers
    return is_from_here(headers.get("Sec-Fetch-Site"), headers.get("Origin"), origin_of(services().urls.base))


def find_session() -> None:
    """Finds the session of the present request, if there is one, for `signed_in`."""
    parts = services()
    secret = cookies.read(request.cookies, parts.urls.base)
    if secret is None or (session := parts.signing_in.session_of(secret)) is None:
        return
    g.desk_secret, g.desk_session = secret, session
    if abs(parts.clock() - session.used_at) >= NOTED_AFTER:
        g.desk_cookie = secret  # its days begin anew


def _led_to_sign_in() -> BaseResponse:
    return led_to(f"/sign-in?next={quote(_as_sent(), safe='')}")


def _as_sent() -> str:
    """The path of this request below `site.url`, with its query, encoded."""
    query = request.query_string.decode("ascii", "replace")
    return quote(request.path) + (f"?{query}" if query else "")


# --- tokens of forms ---


def _token_field(secret: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(carrying.FORM_TOKEN, _form_token(secret))


def _form_token(secret: str) -> str:
    """The token of a session's forms: it lives as long, and does not tell the cookie."""
    return hashed(f"form {secret}")


def _is_token(sent: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), _form_token(g.desk_secret).encode())


# --- stylesheet and script ---


def _asset_url(name: str) -> str:
    return services().urls.at(f"/static/desk/{name}?v={_digest(name)}")


@cache
def _digest(name: str) -> str:
    return hashed((Path(__file__).with_name("static") / name).read_text("utf-8"))[:12]
