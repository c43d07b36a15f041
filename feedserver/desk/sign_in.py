"""Signing in with a password or under a sign-in link, and signing out."""

from typing import Final
from urllib.parse import urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from feedserver.accounts import passwords
from feedserver.accounts.model import Link, Visitor
from feedserver.desk import carrying, cookies, frame
from feedserver.desk.next_page import read_next
from feedserver.errors import (
    AccountError,
    AccountNotFound,
    AppTaken,
    LinkEnded,
    NameUnusable,
    PasswordRefused,
    TooManyAtOnce,
    TooManyWrong,
    TryLater,
    WrongCode,
    WrongSignIn,
)
from feedserver.services import services

STATUS: Final[dict[type[AccountError], int]] = {
    WrongSignIn: 403,
    WrongCode: 403,
    AccountNotFound: 403,
    AppTaken: 409,
    NameUnusable: 400,
    PasswordRefused: 400,
    TooManyWrong: 429,
    TooManyAtOnce: 503,
}
_WORDS: Final[dict[type[AccountError], str]] = {
    WrongSignIn: "The name, the password or the code is not right.",
    WrongCode: "The code is not right, or it was used before.",
    TooManyWrong: "Too many tries were wrong. Please try again later.",
    TooManyAtOnce: "Other passwords are being looked at just now. Please try again in a moment.",
}


@frame.blueprint.get("/sign-in")
@frame.open_to_all
def sign_in_form() -> Response | BaseResponse:
    """The form; whoever is signed in is led on."""
    path = _next(request.args.get("next", ""))
    if frame.is_signed_in():
        return _led_on(path)
    return frame.ask_to_sign_in([], path)


@frame.blueprint.post("/sign-in")
@frame.open_to_all
def sign_in() -> Response | BaseResponse:
    """Begins a session, and goes on where it had ended: to a page, or to a form that was carried along."""
    form, path = request.form, _next(request.form.get("next", ""))
    try:
        begun = services().signing_in.with_password(
            form.get("name", ""), form.get("password", ""), form.get("code", ""), visitor(), _former()
        )
    except AccountError as error:
        kept = carrying.carried_on()
        response = frame.ask_to_sign_in(kept, path, STATUS[type(error)], name=form.get("name", ""), problem=said(error))
        return with_wait(response, error)
    frame.begin_session(begun.secret, begun.session)
    return carrying.shown_again(path) or _led_on(carrying.page_near(path))


@frame.blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """Ends this session."""
    secret = _former()
    assert secret is not None, "the frame has found its session"
    services().signing_in.sign_out(secret)
    response = frame.led_to("/sign-in", done="signed-out")
    frame.end_session()
    return response


@frame.blueprint.get("/welcome/<token>")
@frame.open_to_all
def welcome_form(token: str) -> Response:
    """The form under a sign-in link. Uses nothing up."""
    return _welcome(services().signing_in.link(token))


@frame.blueprint.post("/welcome/<token>")
@frame.open_to_all
def welcome(token: str) -> Response | BaseResponse:
    """Sets the password, which uses the link up, and begins a session."""
    form, signing_in = request.form, services().signing_in
    try:
        begun = signing_in.with_link(
            token, form.get("name", ""), form.get("password", ""), form.get("code", ""), visitor(), _former()
        )
    except LinkEnded:
        raise
    except AccountError as error:  # while another request may have used the link up
        page = _welcome(signing_in.link(token), STATUS[type(error)], name=form.get("name", ""), problem=said(error))
        return with_wait(page, error)
    frame.begin_session(begun.secret, begun.session)
    return frame.led_to("")


@frame.blueprint.errorhandler(LinkEnded)
def _link_has_ended(_: LinkEnded) -> Response:
    return frame.render_desk("desk/link_ended.html", 410)


def _welcome(link: Link, status: int = 200, **values: str) -> Response:
    person = link.account.name if link.account else None
    asks_code = link.asks_code and link.account is not None and link.account.totp_key is not None
    lengths = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
    return frame.render_desk("desk/welcome.html", status, person=person, asks_code=asks_code, **lengths, **values)


def said(error: AccountError) -> str:
    """What a person reads of an error."""
    text = _WORDS.get(type(error), str(error))
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def with_wait(response: Response, error: AccountError) -> Response:
    """Says for how long to wait, where the error does."""
    if isinstance(error, TryLater):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def visitor() -> Visitor:
    """Who sends the present request."""
    return Visitor(request.remote_addr or "", request.headers.get("User-Agent", ""))


def _former() -> str | None:
    return cookies.read(request.cookies, services().urls.base)


def _next(text: str) -> str:
    return read_next(text, urlsplit(services().urls.base).path)


def _led_on(path: str) -> BaseResponse:
    return redirect(services().urls.at(path), 303)
