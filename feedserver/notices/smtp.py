"""Hands one mail to the mail server of the operator.

TLS is used wherever the server has it, and its certificate is checked; over loopback it is not needed. A password goes
over nothing else.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from feedserver.errors import MailFailed
from feedserver.settings import MailSettings
from feedserver.text import printable, shorten

_SECONDS: Final = 15.0  # for each step
_PORT_OF_TLS: Final = 465
_PORT_OF_USERS: Final = 587  # RFC 6409
_PORT: Final = 25
_LONGEST: Final = 300  # characters of what a server says


def send(settings: MailSettings, message: EmailMessage, own_name: str, tls: ssl.SSLContext | None = None) -> None:
    """Hands the mail over; `own_name` is the host that the site calls itself. `tls` replaces the system's trust store.

    Raises MailFailed.
    """
    with _session(settings, own_name, tls) as server:
        try:
            server.send_message(message, settings.sender[1], [settings.to])
        except smtplib.SMTPResponseException as error:
            raise MailFailed(_said(settings, error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            answers = [smtplib.SMTPResponseException(*answer) for answer in error.recipients.values()]
            raise MailFailed(_said(settings, answers[0])) from error
        except (OSError, smtplib.SMTPException) as error:  # perhaps when all of the mail was there
            raise MailFailed(_said(settings, error), is_unsure=True) from error


def sign_in(settings: MailSettings, own_name: str, tls: ssl.SSLContext | None = None) -> None:
    """Connects and signs in as for a mail, and sends none. Raises MailFailed."""
    with _session(settings, own_name, tls) as server:
        server.noop()


def server_of(settings: MailSettings) -> tuple[str, int]:
    """Host and port of the mail server."""
    parts = urlsplit(settings.url)
    usual = _PORT_OF_TLS if parts.scheme == "smtps" else _PORT_OF_USERS if parts.username else _PORT
    return parts.hostname or "", parts.port or usual


@contextmanager
def _session(settings: MailSettings, own_name: str, tls: ssl.SSLContext | None) -> Iterator[smtplib.SMTP]:
    """A connection that is signed in. Raises MailFailed; so does whatever is done in it, by itself."""
    try:
        server = _connected(settings, own_name, tls or ssl.create_default_context())
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(_said(settings, error)) from error
    try:
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _connected(settings: MailSettings, own_name: str, tls: ssl.SSLContext) -> smtplib.SMTP:
    parts, (host, port) = urlsplit(settings.url), server_of(settings)
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own_name, timeout=_SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, port, own_name, timeout=_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        is_safe = parts.scheme == "smtps" or is_loopback(server)
        if not is_safe and server.has_extn("starttls"):
            server.starttls(context=tls)
            is_safe = True
        if parts.username and parts.password:
            if not is_safe:
                raise MailFailed(f"{host}:{port} offers no TLS, over which alone a password is sent")
            server.login(unquote(parts.username), unquote(parts.password))
    except BaseException:
        server.close()
        raise
    return server


def is_loopback(server: smtplib.SMTP) -> bool:
    """Whether the connection stays on this machine."""
    assert server.sock is not None, "it is connected"
    return ip_address(server.sock.getpeername()[0].partition("%")[0]).is_loopback


def _said(settings: MailSettings, error: Exception) -> str:
    """What went wrong, in a line: with a server's own words where it has said some."""
    host, port = server_of(settings)
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        what = f"answers {error.smtp_code} {' '.join(str(words).split())}"
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        what = f"cannot do it: {error}"
    elif isinstance(error, TimeoutError):
        what = "does not answer in time"
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        what = "has closed the connection"
    else:
        what = f"cannot be reached: {error}"
    return shorten(printable(f"the mail server {host}:{port} {what}"), _LONGEST)
