"""The mail server of the operator: TLS where there is some, checked; a password over TLS or loopback alone."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage

import pytest

from feedserver.errors import MailFailed
from feedserver.notices import smtp
from feedserver.settings import MailSettings
from tests.hostile.authority import Authority
from tests.notices.owned import OWNER
from tests.support.mail_server import MailServer, text_of

Serve = Callable[..., MailServer]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if not shutil.which("openssl"):
        pytest.skip("the openssl command, which makes the certificates, is not installed")
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as closing:

        def start(*given: object, **named: object) -> MailServer:
            server = MailServer(*given, **named)  # type: ignore[arg-type]
            closing.callback(server.stop)
            return server

        yield start


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of these tests are as if they were on another machine."""
    monkeypatch.setattr(smtp, "is_loopback", lambda _: False)


def settings(server: MailServer, *, user: str = "", scheme: str = "smtp") -> MailSettings:
    return MailSettings(f"{scheme}://{user}localhost:{server.port}", "blog@blog.example", OWNER)


def mail(text: str = "Hello.") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "A test"
    message.set_content(text)
    return message


def test_over_loopback_neither_tls_nor_a_certificate_is_needed(serve: Serve) -> None:
    server = serve("pass word")

    smtp.send(settings(server, user="ann:pass%20word@"), mail(), "blog.example")

    assert (server.signed_in, server.greeted) == (["ann"], ["blog.example"])
    assert text_of(server.mails[0]) == "Hello.\n"


@pytest.mark.usefixtures("far")
def test_a_password_goes_over_starttls(serve: Serve, authority: Authority) -> None:
    server = serve("secret", authority.server("starttls", "DNS:localhost"))

    smtp.send(settings(server, user="ann:secret@"), mail(), "blog.example", authority.trusted())

    assert (server.signed_in, len(server.mails)) == (["ann"], 1)


def test_a_password_goes_over_smtps(serve: Serve, authority: Authority) -> None:
    server = serve(tls=authority.server("smtps", "DNS:localhost"), is_smtps=True)

    smtp.send(settings(server, scheme="smtps"), mail(), "blog.example", authority.trusted())

    assert len(server.mails) == 1


@pytest.mark.usefixtures("far")
def test_without_tls_no_password_is_sent(serve: Serve) -> None:
    server = serve("secret")

    with pytest.raises(MailFailed, match="offers no TLS, over which alone a password is sent"):
        smtp.send(settings(server, user="ann:secret@"), mail(), "blog.example")

    assert (server.signed_in, server.mails) == ([], [])


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_of_somebody_else_is_refused(serve: Serve, authority: Authority, scheme: str) -> None:
    tls = authority.server(f"other-{scheme}", "DNS:other.example")
    server = serve("secret", tls, is_smtps=scheme == "smtps")

    with pytest.raises(MailFailed, match=r"cannot be reached: .*Hostname mismatch"):
        smtp.send(settings(server, user="ann:secret@", scheme=scheme), mail(), "blog.example", authority.trusted())

    assert server.signed_in == []


def test_a_wrong_password_is_told_without_it(serve: Serve) -> None:
    server = serve("right")

    with pytest.raises(MailFailed, match="535") as failed:
        smtp.sign_in(settings(server, user="ann:wr0ng@"), "blog.example")

    assert "wr0ng" not in str(failed.value)


def test_a_recipient_who_is_refused_is_told_in_the_servers_words(serve: Serve) -> None:
    server = serve()
    server.answer_to = lambda address: f"550 5.1.1 {address} is unknown"

    with pytest.raises(MailFailed, match=rf":{server.port} answers 550 5\.1\.1 {OWNER} is unknown$") as failed:
        smtp.send(settings(server), mail(), "blog.example")

    assert not failed.value.is_unsure
    assert server.mails == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("mail.example", 25)),
        ("smtp://ann:x@mail.example", ("mail.example", 587)),
        ("smtps://ann:x@mail.example", ("mail.example", 465)),
        ("smtp://ann:x@[::1]:2525", ("::1", 2525)),
    ],
)
def test_the_port_follows_from_the_url(url: str, server: tuple[str, int]) -> None:
    assert smtp.server_of(MailSettings(url)) == server


def test_a_line_with_a_dot_alone_ends_no_mail(serve: Serve) -> None:
    server = serve()

    smtp.send(settings(server), mail("One\n.\nRCPT TO:<x@y.example>\n"), "blog.example")

    assert text_of(server.mails[0]) == "One\n.\nRCPT TO:<x@y.example>\n"
