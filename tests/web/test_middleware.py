"""WSGI layers before Flask: the site's path and host, and trusted proxies."""

from ipaddress import ip_network

import pytest

from feedserver.web.middleware import Mounted, TrustedProxies
from tests.web.conftest import Inner

# --- path and host of the site ---


@pytest.mark.parametrize(
    ("base", "path", "script", "rest"),
    [
        ("http://a.example", "/posts/x", "", "/posts/x"),
        ("http://a.example", "", "", ""),
        ("http://a.example/blog", "/blog/posts/x", "/blog", "/posts/x"),
        ("http://a.example/blog", "/blog/", "/blog", "/"),
        ("http://a.example/blog", "/blog", "/blog", ""),
        ("http://a.example/blog", "/blog//", "/blog", "//"),
        ("http://a.example/blog", "//blog//x", "/blog", "///x"),
        ("http://a.example/blog", "//blog", "/blog", ""),
        ("http://a.example/blog", "//blog/", "/blog", "//"),
        ("http://a.example/blog", "//blogs", "", None),
        ("http://a.example/blog", "/blogs", "", None),
        ("http://a.example/blog", "/", "", None),
        ("http://a.example/blog", "/posts/x", "", None),
        ("http://a.example/blog", "/Blog/", "", None),
        ("http://a.example/blog", "/healthz", "", "/healthz"),
        ("http://a.example/blog", "/readyz", "", "/readyz"),
        ("http://a.example/blog", "/blog/readyz", "/blog", "/readyz"),
        ("http://a.example/caf%C3%A9", "/caf\u00c3\u00a9/x", "/caf\u00c3\u00a9", "/x"),
        ("http://a.example/a%20b/c", "/a b/c/x", "/a b/c", "/x"),
    ],
)
def test_a_site_is_served_below_its_path_and_nowhere_else(
    inner: Inner, base: str, path: str, script: str, rest: str | None
) -> None:
    site = Mounted(inner, base, everywhere=("/healthz", "/readyz"))

    site({"PATH_INFO": path, "SCRIPT_NAME": ""}, lambda *_: None)

    (asked,) = inner.asked
    assert asked["SCRIPT_NAME"] == script
    assert asked["PATH_INFO"] == ("/not/below/the/site" if rest is None else rest)


@pytest.mark.parametrize("host", [None, "evil.example", "a..b", "x" * 300, "[::1", "<script>", ""])
def test_the_application_sees_the_sites_own_host(inner: Inner, host: str | None) -> None:
    environ = {"PATH_INFO": "/"} | ({} if host is None else {"HTTP_HOST": host})

    Mounted(inner, "https://blog.example:8443/x", ())(environ, lambda *_: None)

    assert inner.asked[0]["HTTP_HOST"] == "blog.example:8443"


# --- trusted proxies ---

TRUSTED = ["10.0.0.0/8", "127.0.0.1/32", "2001:db8:1::/48"]


CLIENTS = {
    "untrusted-peer": ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
    "no-header": ("10.1.1.1", "", "10.1.1.1"),
    "proxy": ("10.1.1.1", "203.0.113.9", "203.0.113.9"),
    "spoofed-on-the-left": ("10.1.1.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
    "two-proxies": ("10.1.1.1", "1.2.3.4, 203.0.113.9, 10.2.2.2", "203.0.113.9"),
    "only-proxies": ("10.1.1.1", "10.9.9.9, 10.2.2.2", "10.9.9.9"),
    "spoofed-proxy-on-the-left": ("10.1.1.1", "10.9.9.9, 203.0.113.9, 10.2.2.2", "203.0.113.9"),
    "garbage": ("10.1.1.1", "nonsense", "10.1.1.1"),
    "garbage-in-the-middle": ("10.1.1.1", "203.0.113.9, nonsense, 10.2.2.2", "10.2.2.2"),
    "empty-last": ("10.1.1.1", "203.0.113.9,", "10.1.1.1"),
    "with-port": ("10.1.1.1", "203.0.113.9:8080", "203.0.113.9"),
    "ipv6-with-port": ("10.1.1.1", "[2001:db8:9::1]:8080", "2001:db8:9::1"),
    "proxy-with-port": ("10.1.1.1", "203.0.113.9:1, 10.2.2.2:8080", "203.0.113.9"),
    "no-such-address": ("10.1.1.1", "256.1.1.1", "10.1.1.1"),
    "blanks": ("10.1.1.1", " 203.0.113.9 ", "203.0.113.9"),
    "ipv6": ("2001:db8:1::5", "2001:db8:9::1", "2001:db8:9::1"),
    "ipv6-in-brackets": ("2001:db8:1::5", "[2001:db8:9::1]", "2001:db8:9::1"),
    "ipv6-untrusted": ("2001:db8:2::5", "203.0.113.9", "2001:db8:2::5"),
    "proxy-mapped": ("::ffff:10.1.1.1", "203.0.113.9", "203.0.113.9"),
    "client-mapped": ("10.1.1.1", "::ffff:203.0.113.9", "203.0.113.9"),
    "second-proxy-mapped": ("10.1.1.1", "203.0.113.9, ::ffff:10.2.2.2", "203.0.113.9"),
    "untrusted-mapped": ("::ffff:192.0.2.7", "203.0.113.9", "192.0.2.7"),
    "unix-socket": ("", "203.0.113.9", "203.0.113.9"),
}


@pytest.mark.parametrize(("peer", "forwarded", "client"), CLIENTS.values(), ids=CLIENTS)
def test_the_client_is_the_rightmost_address_that_is_not_a_trusted_proxys(
    inner: Inner, peer: str, forwarded: str, client: str
) -> None:
    app = TrustedProxies(inner, [ip_network(network) for network in TRUSTED])

    app({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, lambda *_: None)

    assert inner.asked[0]["REMOTE_ADDR"] == client


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        ("10.1.1.1", "https", "https"),
        ("10.1.1.1", "http", "http"),
        ("10.1.1.1", "gopher", "http"),
        ("10.1.1.1", "https, http", "http"),
        ("192.0.2.7", "https", "http"),
    ],
)
def test_the_scheme_is_taken_from_trusted_proxies_alone(inner: Inner, peer: str, said: str, scheme: str) -> None:
    app = TrustedProxies(inner, [ip_network("10.0.0.0/8")])

    app({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": said, "wsgi.url_scheme": "http"}, lambda *_: None)

    assert inner.asked[0]["wsgi.url_scheme"] == scheme


def test_without_trusted_proxies_forwarded_headers_are_ignored(inner: Inner) -> None:
    said = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https"}

    TrustedProxies(inner, [])({"REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http"} | said, lambda *_: None)

    assert (inner.asked[0]["REMOTE_ADDR"], inner.asked[0]["wsgi.url_scheme"]) == ("127.0.0.1", "http")
