"""Source sites, registrable domains and networks."""

import pytest

from feedserver.domains import network, registrable_domain, source_site, wide_network


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("http://blog.example/", "blog.example"),
        ("https://www.blog.example/2026/x?y#z", "blog.example"),
        ("http://a.b.blog.co.uk/", "blog.co.uk"),
        ("http://alice.github.io/", "alice.github.io"),
        ("http://www.alice.github.io/", "alice.github.io"),
        ("http://github.io/", "github.io"),
        ("http://alice.wordpress.com/", "alice.wordpress.com"),
        ("http://x.alice.wordpress.com/", "alice.wordpress.com"),
        ("http://wordpress.com/", "wordpress.com"),
        ("http://alice.blogspot.com/", "alice.blogspot.com"),
        ("http://127.0.2.1:8090/x", "127.0.2.1"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("http://localhost/", "localhost"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://www.example.org/~ann/a", "example.org/~ann"),
        ("http://example.org/%7Eann", "example.org/~ann"),
        ("http://medium.com/@ann/words", "medium.com/@ann"),
        ("http://example.org/people/~ann", "example.org"),
        ("http://example.org/~ann/../~bob/", "example.org/~bob"),
        ("http://example.org/~ann/%2e%2e/~bob/", "example.org/~bob"),
        ("http://example.org/~ann%2F..%2F~bob", "example.org/~bob"),
        ("http://example.org/~ann/..%5C~bob", "example.org/~bob"),
        ("http://example.org//~ann//", "example.org/~ann"),
        ("https://github.com/ann/thing", "github.com/ann"),
        ("https://www.GitHub.com/ann", "github.com/ann"),
        ("https://github.com/bob/../ann/thing", "github.com/ann"),
        ("https://github.com/%61nn%2Fthing", "github.com/ann"),
        ("https://github.com/", "github.com"),
        ("https://docs.github.com/en/pages", "github.com"),
        ("https://gitlab.com/ann/thing", "gitlab.com"),
        ("https://sites.google.com/ann/home", "sites.google.com/ann"),
        ("https://www.google.com/ann", "google.com"),
        ("http://192.0.2.7:8080/ann/x", "192.0.2.7/ann"),
    ],
)
def test_a_source_site_is_a_registrable_domain_or_one_user_of_a_shared_host(url: str, site: str) -> None:
    assert source_site(url, ["github.com", "sites.google.com", "192.0.2.7"]) == site


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.blog.co.uk", "blog.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("alice.wordpress.com", "wordpress.com"),
        ("github.io", "github.io"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_registrable_domain_is_one_label_below_a_public_suffix(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_network_is_what_one_subscriber_has(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_wide_network_is_what_one_customer_may_have(address: str, counted_as: str) -> None:
    assert wide_network(address) == counted_as
