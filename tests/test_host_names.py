"""Host names and addresses: one spelling for all, and what is none."""

from time import process_time
from urllib.parse import urlsplit

import pytest

from feedserver.host_names import host_name
from feedserver.urls import split_http


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("[::ffff:192.0.2.1]", "192.0.2.1"),
        ("1.example", "1.example"),
        ("0x.example", "0x.example"),
        ("example.0xg", "example.0xg"),
    ],
)
def test_all_spellings_of_an_address_become_one(spelled: str, host: str) -> None:
    assert host_name(urlsplit(f"http://{spelled}:8080/x")) == host


@pytest.mark.parametrize(
    "spelled",
    [
        *("256.0.0.1", "1.2.3.4.5", "4294967296", "example.123", "0x100000000", "09.0.0.1"),
        *("[2001:db8::1%1]", "[2001:db8::1%25eth0]", "[::ffff:192.0.2.1%2]", "[::1", "[v1.x]"),
    ],
)
def test_an_invalid_address_is_no_host(spelled: str) -> None:
    assert split_http(f"http://{spelled}/") is None


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("straße.de", "xn--strae-oqa.de"),
        ("STRASSE.de", "strasse.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("ΒΌΛΟΣ.com", "xn--nxasmq6b.com"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
        ("क्\u200dष.example", "xn--11b2ezcw70k.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("☕.example", "xn--53h.example"),
        ("foo_bar.example.com", "foo_bar.example.com"),
        ("-foo-.example", "-foo-.example"),
        ("ab--cd.example", "ab--cd.example"),
        ("日本。example．com｡", "xn--wgv71a.example.com"),
        ("so\u00adft.example", "soft.example"),
        ("%65x%C3%A9.example", "xn--ex-cja.example"),
        ("１２７．０．０．１", "127.0.0.1"),
        ("0x7f。1", "127.0.0.1"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_host_name_is_what_browsers_make_of_it(spelled: str, host: str) -> None:
    assert host_name(urlsplit(f"http://{spelled}/")) == host
    assert host_name(urlsplit(f"http://{host}/")) == host


@pytest.mark.parametrize(
    "spelled",
    [
        "..",
        "a" * 64 + ".example",
        "é" * 60 + ".example",
        "a." * 128,
        "\u00ad",
        "a<b.example",
        "a|b.example",
        "a%2Fb.example",
        "a%00.example",
        "a%20b.example",
        "a%40b.example",
        "a%3A80.example",
        "a%.example",
        "a%FF.example",
        "a\ufffd.example",
    ],
    ids=ascii,
)
def test_what_no_browser_opens_is_no_host(spelled: str) -> None:
    assert split_http(f"http://{spelled}/") is None


def test_what_is_longer_than_a_host_is_none_though_less_would_be_left_of_it() -> None:
    """So that none is mapped whose length has no bound: soft hyphens are dropped."""
    assert host_name(urlsplit("http://" + "\u00ad" * 200 + "blog.example/")) == "blog.example"
    assert host_name(urlsplit("http://" + "\u00ad" * 300 + "blog.example/")) == ""


def test_thousands_of_long_hosts_are_read_in_little_time() -> None:
    began = process_time()
    for number in range(500):
        for length in (62, 250, 2000):
            for filler in ("é", "\u00ad", "%C3%A9", "\u0323\u0301", "語。"):
                host = (str(number) + filler * length)[:length]
                assert host_name(urlsplit(f"http://{host}/posts/x")) != "blog.example"

    assert process_time() - began < 15  # alone about one second
