"""Names and stated subscribers from User-Agent, and nonsense that does no harm."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedserver.readership.user_agents import LONGEST, Reader, reader

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "name", "subscribers"),
    [
        ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 120 subscribers; like FeedFetcher-Google)", "Feedly", 120),
        ("FeedlyBot/1.0 (http://feedly.com)", "Feedly", None),
        ("Feedbin feed-id:1234 - 5 subscribers", "Feedbin", 5),
        ("NewsBlur Feed Fetcher - 12 subscribers - https://www.newsblur.com/site/1 (Mac)", "NewsBlur", 12),
        ("theoldreader.com; 1 subscribers; feed-id=abc", "The Old Reader", 1),
        ("Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=abc)", "The Old Reader", 1),
        ("Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 29 subscribers; )", "Inoreader", 29),
        ("Feed Wrangler/1.0 (1 subscriber; feed-id=99)", "Feed Wrangler", 1),
        ("BazQux/2.4 (+https://bazqux.com/fetcher; 1,234 subscribers)", "BazQux", 1234),
        ("YahooFeedSeeker/2.0 (compatible; Mozilla 4.0; MSIE 5.5; users 5; views 34)", "YahooFeedSeeker", 5),
        ("Superfeedr bot/2.0 http://superfeedr.com - feed-id:1", "Superfeedr bot", None),
        ("Tiny Tiny RSS/23.04 (https://tt-rss.org/)", "Tiny Tiny RSS", None),
        ("Mozilla/5.0 (compatible; Miniflux/2.0.51; +https://miniflux.app)", "Miniflux", None),
        ("FreshRSS/1.20 (Linux; https://freshrss.org)", "FreshRSS", None),
        ("newsboat/2.21.0 (Linux x86_64)", "newsboat", None),
        ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "NetNewsWire", None),
        ("Liferea/1.14.1 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)", "Liferea", None),
        ("Reeder/5050001 CFNetwork/1410.0.3 Darwin/22.6.0", "Reeder", None),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0", "Thunderbird", None),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", None),
        (f"{CHROME} (compatible; Googlebot/2.1)", "Googlebot", None),
        ("python-requests/2.31.0", "python-requests", None),
        ("Python-urllib/3.11", "Python-urllib", None),
        ("Go-http-client/1.1", "Go-http-client", None),
        ("curl/8.5.0", "curl", None),
        ("feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/", "feedparser", None),
        ("Lire 3.1", "Lire", None),
        ("https://www.example.com/bot", "example.com", None),
        ("someone@example.org", "someone", None),
        (CHROME, "Browser", None),
        (IPHONE, "Browser", None),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Browser", None),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "Browser", None),
        ("Opera/9.80 (X11; Linux) Presto/2.12 Version/12.16", "Browser", None),
        ("Mozilla/5.0", "Browser", None),
        (None, "Unnamed", None),
        ("", "Unnamed", None),
        (" - ", "Unnamed", None),
        ("12345", "Unnamed", None),
        ("(a remark)", "Unnamed", None),
        ("Odd\x1b[31m\x00 Reader\x9b/1.0", "Odd", None),
        ("Odd\x00\x1bReader/1.0", "OddReader", None),
        ("Feedly/1.0 (99999999999 subscribers)", "Feedly", None),
        ("Feedly/1.0 (version 1.0 beta; no subscribers)", "Feedly", None),
    ],
)
def test_a_reader_has_the_name_that_it_sends(user_agent: str | None, name: str, subscribers: int | None) -> None:
    assert reader(user_agent) == Reader(name, subscribers)


def test_a_long_name_is_cut_and_the_end_of_a_long_header_is_ignored() -> None:
    assert reader("one two three " * 9).name == "one two three one two three one two three one two three…"
    assert reader(f"Feedly/1.0 {' ' * 300}(7 subscribers)") == Reader("Feedly")


@settings(deadline=None)
@given(st.text(max_size=400) | st.text("(;/ compatible;Mozilla0123456789.subscribers,+-", max_size=400))
def test_whatever_is_sent_gives_a_short_clean_name(user_agent: str) -> None:
    found = reader(user_agent)

    assert 0 < len(found.name) <= LONGEST
    assert found.name.isprintable() or found.name == found.name.strip()
    assert not set(found.name) & set("\x00\x1b\n\r\t\x7f\x9b")
    assert found.subscribers is None or 0 <= found.subscribers < 10**9


@pytest.mark.parametrize(
    "part", ["(compatible; ", "(", "1 ", " 1", "/", "\0", " a", "9", "1,111", "Mozilla/5.0 ", " - ", "v1.", "https://"]
)
def test_a_name_without_end_takes_no_time(part: str) -> None:
    start = time.process_time()
    for number in range(20):
        reader(f"{number}{part * 20_000}")

    assert time.process_time() - start < 2
