"""Pages as blogs, bridges and readers write them, each with what it says on the post at TARGET. It is at PAGE.

`judged` says why we read a page otherwise than the parsing rules have it; mf2py is not asked about such a page.
"""

from dataclasses import dataclass

from feedserver.thoughts.model import Response

PAGE = "http://ann.example/2026/1"
TARGET = "http://blog.example/posts/fog"
LINK = f'<a href="{TARGET}">Fog</a>'
REPLY = f'<a class="u-in-reply-to" href="{TARGET}">Fog</a>'
ANN = '<a class="p-author h-card" href="http://ann.example/">Ann</a>'
WORDS = "I was there, too."
CONTENT = f'<div class="e-content">{WORDS}</div>'
DATE = "2026-03-01T09:30:00Z"


@dataclass(frozen=True)
class Page:
    """A page, and what is expected of it. `response` is None where no entry speaks of the post."""

    html: str
    response: Response | None = "reply"
    author: str = "Ann"
    address: str = "http://ann.example/"
    words: str = WORDS
    date: str = ""
    title: str | None = None
    judged: str = ""


def entry(*inner: str) -> str:
    return f'<!doctype html><body><article class="h-entry">{"".join(inner)}</article>'


def by(markup: str, author: str = "Ann", address: str = "http://ann.example/") -> Page:
    """A reply whose author is marked up so."""
    return Page(entry(REPLY, markup, CONTENT), author=author, address=address)


def dated(markup: str, date: str = DATE) -> Page:
    return Page(entry(REPLY, ANN, CONTENT, markup), date=date)


def bridged(kind: str, *more: str) -> str:
    """As Bridgy has it: a link without text, a body that a style sheet hides, addresses of elsewhere."""
    return f"""<!DOCTYPE html><html><head><meta http-equiv="refresh" content="0;url=https://social.example/@ann/7">
<title>Ann</title><style type="text/css">body {{ display: none; }} .p-uid {{ display: none; }}</style></head>
<article class="h-entry"><span class="p-uid">tag:social.example,2013:7</span>
<time class="dt-published" datetime="2026-03-01T10:30:00+01:00">2026-03-01</time>
<span class="p-author h-card"><data class="p-uid" value="tag:social.example:ann"></data>
<data class="p-numeric-id" value="9"></data>
<a class="p-name u-url" href="https://social.example/@ann">Ann</a>
<a class="u-url" href="https://ann.example/"></a><span class="p-nickname">ann</span>
<img class="u-photo" src="https://social.example/ann.png" alt="" /></span>
<a class="p-name u-url" href="https://social.example/@ann/7">{"".join(more) and "a note"}</a>
{"".join(more)}<a class="{kind}" href="{TARGET}"></a></article></html>"""


PAGES = {
    # what an entry is to the post
    "a reply": Page(entry(REPLY, ANN, CONTENT)),
    "a like": Page(entry(f'<a class="u-like-of" href="{TARGET}">Fog</a>', ANN), "like", words=""),
    "a repost": Page(entry(f'<a class="u-repost-of" href="{TARGET}">Fog</a>', ANN), "repost", words=""),
    "a bookmark": Page(entry(f'<a class="u-bookmark-of" href="{TARGET}">Fog</a>', ANN), "bookmark", words=""),
    "an rsvp": Page(
        entry(REPLY, ANN, '<data class="p-rsvp" value="yes">I will come</data>'), "rsvp", words="RSVP: yes"
    ),
    "an rsvp with words": Page(entry(REPLY, ANN, CONTENT, '<span class="p-rsvp">Maybe</span>'), "rsvp"),
    "an rsvp to another page is no rsvp": Page(
        entry(
            f'<a class="u-bookmark-of" href="{TARGET}">Fog</a><data class="p-rsvp" value="yes"></data>', ANN, CONTENT
        ),
        "bookmark",
    ),
    "a link in the text": Page(entry(ANN, f'<div class="e-content">See {LINK}.</div>'), "mention", words="See Fog."),
    "a property of another page": Page(
        entry(f'<a class="u-in-reply-to" href="http://c.example/">x</a> {LINK}', ANN, CONTENT), "mention"
    ),
    "an unknown property": Page(entry(f'<a class="u-laughed-at" href="{TARGET}">x</a>', ANN, CONTENT), "mention"),
    "a like that is a reply too": Page(
        entry(f'<a class="u-in-reply-to u-like-of" href="{TARGET}">x</a>', ANN, CONTENT), "like"
    ),
    "a repost that is a like too": Page(
        entry(f'<a class="u-like-of u-repost-of" href="{TARGET}">x</a>', ANN, CONTENT), "repost"
    ),
    "several pages at once": Page(
        entry('<a class="u-in-reply-to" href="http://c.example/">x</a>', REPLY, ANN, CONTENT)
    ),
    "a cited page": Page(
        entry(f'<div class="u-in-reply-to h-cite"><a class="p-name u-url" href="{TARGET}">Fog</a></div>', ANN, CONTENT)
    ),
    "a cited page by one link": Page(
        entry(f'<a class="u-like-of h-cite" href="{TARGET}">Fog</a>', ANN, CONTENT), "like"
    ),
    "a cited page whose link implies its address": Page(
        entry(f'<p class="u-repost-of h-cite">Reposted <a href="{TARGET}">Fog</a></p>', ANN), "repost", words=""
    ),
    "a cited page with an author": Page(
        entry(
            '<div class="p-in-reply-to h-cite"><span class="p-author h-card">Bo</span>,'
            f' <a class="u-url" href="{TARGET}">Fog</a></div>',
            ANN,
            CONTENT,
        )
    ),
    "an entry in an entry": Page(
        entry(ANN, f'<div class="u-in-reply-to h-entry"><a class="u-url" href="{TARGET}">Fog</a></div>', CONTENT)
    ),
    "a like of old": Page(entry(f'<a class="u-like" href="{TARGET}">Fog</a>', ANN, CONTENT), "like", judged="old name"),
    "a repost of old": Page(
        entry(f'<a class="u-repost" href="{TARGET}">Fog</a>', ANN), "repost", words="", judged="old"
    ),
    "a reply of old": Page(entry(f'<a rel="in-reply-to" href="{TARGET}">Fog</a>', ANN, CONTENT), judged="old name"),
    "a link with a property of text": Page(
        entry(f'<a class="p-in-reply-to" href="{TARGET}">Fog</a>', ANN, CONTENT), judged="the address is meant"
    ),
    "a comment on the page is no reply": Page(
        entry(f'{ANN}{CONTENT}<div class="u-comment h-cite"><a class="u-url" href="{TARGET}">Bo</a></div>'), "mention"
    ),
    "a like of the page is none of ours": Page(
        entry(f'{ANN}{CONTENT}<div class="u-like h-cite"><a class="u-url" href="{TARGET}">Bo</a></div>'), "mention"
    ),
    # which entry
    "the entry with the address of the page": Page(
        entry('<a class="u-url" href="/1">x</a>', '<p class="p-author h-card">Bo</p>')
        + entry(f'<a class="u-url" href="{PAGE}#top">x</a>', REPLY, ANN, CONTENT).removeprefix("<!doctype html><body>")
    ),
    "the entry with the address of the page after one of a place on it": Page(
        entry(f'<a class="u-url" href="{PAGE}#2">x</a>', '<p class="p-author h-card">Bo</p>')
        + entry(f'<a class="u-url" href="{PAGE}">x</a>', REPLY, ANN, CONTENT).removeprefix("<!doctype html><body>"),
        judged="a place on the page is not the page",
    ),
    "a list of places on the page": Page(
        entry('<a class="u-url" href="#1">x</a>', ANN, CONTENT) + entry('<a class="u-url" href="#2">x</a>', REPLY),
        None,
        judged="a place on the page is not the page",
    ),
    "a sole entry in a feed": Page(f'<div class="h-feed">{entry(REPLY, ANN, CONTENT)}</div>'),
    "a list": Page(entry(ANN, CONTENT) + entry(ANN, REPLY, CONTENT), None),
    "a list in a feed": Page(f'<div class="h-feed">{ANN}{entry(ANN, CONTENT)}{entry(ANN, LINK, CONTENT)}</div>', None),
    "a link beside the entry": Page(entry(ANN, CONTENT) + LINK, None),
    "a link beside the entry of the page": Page(
        entry(ANN, CONTENT, f'<a class="u-url" href="{PAGE}">x</a>') + LINK, "mention"
    ),
    "an address that is relative": Page(
        f'<base href="http://blog.example/posts/">{entry("<a class=u-in-reply-to href=fog>Fog</a>", ANN, CONTENT)}'
    ),
    "no entry": Page(f"<p>See {LINK}.", None),
    "an entry in a template": Page(f"<template>{entry(REPLY, ANN, CONTENT)}</template><p>{LINK}", None),
    "an entry in a comment": Page(f"<!-- {entry(REPLY, ANN)} --><p>{LINK}", None),
    # by whom
    "an author by one link": by(ANN),
    "an author among classes of style": by(
        '<a class="p-author h-card" href="http://ann.example/"><b class="p-4">Ann</b></a>'
    ),
    "an author with a picture": by(
        '<a class="p-author h-card" href="http://ann.example/"><img src="/a.png" alt="Ann"></a>'
    ),
    "an author with a picture beside the name": Page(
        entry(
            REPLY,
            '<a class="p-author h-card" href="http://ann.example/"><img class="u-photo" src="/a.png" alt="">Ann</a>',
            CONTENT,
        ),
        judged="the only link is the address, whatever the picture is",
    ),
    "an author in full": by(
        '<div class="p-author h-card"><img class="u-photo" alt="me" src="/a"><a class="p-name u-url"'
        ' href="http://ann.example/">Ann</a> <p class="p-note">of Fogtown</p></div>'
    ),
    "an author whose address is implied": by('<p class="p-author h-card"><a href="http://ann.example/">Ann</a></p>'),
    "an author whose address is implied deeper": by(
        '<p class="p-author h-card"><b><a href="http://ann.example/">Ann</a></b></p>'
    ),
    "an author who is only named": by('<span class="p-author">Ann</span>', address=""),
    "an author who is only named by a card": by('<span class="p-author h-card">Ann</span>', address=""),
    "an author by a title": by('<abbr class="p-author" title="Ann Example">A. E.</abbr>', "Ann Example", ""),
    "an author of several": by(ANN + '<a class="p-author h-card" href="http://bo.example/">Bo</a>'),
    "an author who is an address": Page(
        entry(REPLY, '<a class="u-author" href="http://ann.example/"></a>', CONTENT)
        + '<p class="h-card"><a class="u-url p-name" href="http://ann.example/">Ann</a></p>'
    ),
    "an author who is an address alone": by('<a class="u-author" href="http://ann.example/"></a>', ""),
    "the author of the feed": Page(f'<div class="h-feed">{ANN}{entry(REPLY, CONTENT)}</div>'),
    "the card of the page": Page(
        entry(REPLY, CONTENT)
        + f'<p class="h-card"><a class="u-url u-uid" href="{PAGE}"></a><b class="p-name">Ann</b></p>',
        address=PAGE,
    ),
    "a card with rel=me": Page(
        entry(REPLY, CONTENT)
        + '<p class="h-card"><a class="u-url p-name" rel="me" href="http://ann.example/">Ann</a></p>'
    ),
    "a card that rel=author names": Page(
        '<link rel="author" href="http://ann.example/">'
        + entry(REPLY, CONTENT)
        + '<p class="h-card"><a class="u-url p-name" href="http://ann.example/">Ann</a></p>',
    ),
    "a card of somebody": Page(
        entry(REPLY, CONTENT) + '<p class="h-card"><a class="u-url p-name" href="http://bo.example/">Bo</a></p>',
        author="",
        address="",
    ),
    "an author of a feed elsewhere on the page": Page(
        f'<div class="h-feed"><b class="p-author h-card">Bo</b></div>{entry(REPLY, CONTENT)}',
        author="",
        address="",
        judged="the feed is not the entry's",
    ),
    "no author": by("", "", ""),
    "a card in the text is no author": Page(
        entry(REPLY, '<div class="e-content">Hi <a class="h-card" href="http://bo.example/">Bo</a></div>'),
        author="",
        address="",
        words="Hi Bo",
    ),
    "an address that is no web address": by(
        '<p class="p-author h-card"><a class="u-email u-url" href="mailto:a@ann.example">Ann</a></p>', address=""
    ),
    # its words
    "paragraphs": Page(
        entry(REPLY, ANN, '<div class="e-content"><p>One.</p> <p>Two<br>lines.</p></div>'), words="One.\n\nTwo\nlines."
    ),
    "a list of lines": Page(
        entry(REPLY, ANN, '<div class="e-content">See:<ul><li>a<li>b</ul><div>c</div>d</div>'),
        words="See:\n\na\nb\n\nc\nd",
        judged="lines stay",
    ),
    "content that is the name": Page(entry(REPLY, ANN, f'<p class="e-content p-name">{WORDS}</p>'), title=""),
    "content with the beginning of it as a name": Page(
        entry(REPLY, ANN, CONTENT, '<p class="p-name">I was …</p>'), title=""
    ),
    "content in the name": Page(
        entry(ANN, f'<div class="p-name"><div class="e-content">{WORDS} {REPLY}</div> Ann</div>'),
        words=f"{WORDS} Fog",
        title="",
    ),
    "content in the content": Page(
        entry(REPLY, ANN, f'<div class="e-content"><p>Yes.</p><div class="e-content"><p>{WORDS}</p></div></div>'),
        words=f"Yes.\n\n{WORDS}",
    ),
    "a title": Page(entry('<h1 class="p-name">On fog</h1>', REPLY, ANN, CONTENT), title="On fog"),
    "a summary": Page(entry(REPLY, ANN, f'<p class="p-summary">{WORDS}</p>')),
    "a summary beside the content": Page(entry(REPLY, ANN, '<p class="p-summary">Short</p>', CONTENT)),
    "pictures in the text": Page(
        entry(REPLY, ANN, '<p class="e-content">Fog <img src="/e.png" alt="🌫"> here</p>'), words="Fog 🌫 here"
    ),
    "a script in the text": Page(entry(REPLY, ANN, f'<p class="e-content"><script>x()</script>{WORDS}</p>')),
    "markup of text": Page(entry(REPLY, ANN, '<p class="e-content">I <b>was</b> <i>there</i>,\n too.</p>')),
    "preformatted text": Page(
        entry(REPLY, ANN, '<div class="e-content"><pre>a\n  b</pre></div>'), words="a\nb", judged="lines stay"
    ),
    "text that is hidden": Page(
        entry(REPLY, ANN, f'<div class="e-content">{WORDS}<p style="display:none">Buy</p></div>'),
        judged="what readers do not see is not said",
    ),
    # when
    "a date": dated(f'<time class="dt-published" datetime="{DATE}">then</time>'),
    "a date with a zone": dated('<time class="dt-published" datetime="2026-03-01T10:30:00+01:00">then</time>'),
    "a date with a short zone": dated('<time class="dt-published" datetime="2026-03-01 10:30+0100">then</time>'),
    "a date without a zone": dated('<time class="dt-published" datetime="2026-03-01T09:30:00">then</time>'),
    "a day": dated('<time class="dt-published" datetime="2026-03-01">then</time>', "2026-03-01T00:00:00Z"),
    "a date as text": dated('<span class="dt-published">2026-03-01 09:30</span>'),
    "a date in a title": dated(f'<abbr class="dt-published" title="{DATE}">then</abbr>'),
    "a date in parts": dated(
        '<span class="dt-published"><b class="value">2026-03-01</b> at <b class="value">09:30</b></span>'
    ),
    "a date in parts with a zone": dated(
        '<span class="dt-published"><b class="value">2026-03-01</b> <b class="value">10:30+01:00</b></span>'
    ),
    "a time of twelve hours": dated(
        '<span class="dt-published"><b class="value">2026-03-01</b> <b class="value">09:30am</b></span>'
    ),
    "a date in a title of a part": Page(
        entry(REPLY, ANN, CONTENT, f'<b class="dt-published">then <i class="value-title" title="{DATE}"> </i></b>'),
        date=DATE,
        judged="mf2py knows no value-title",
    ),
    "a date to come": dated('<time class="dt-published" datetime="2040-01-01">x</time>', ""),
    "a date before the web": dated('<time class="dt-published" datetime="1970-01-01T00:00:00Z">x</time>', ""),
    "a date that is none": dated('<time class="dt-published" datetime="yesterday">x</time>', ""),
    # of bridges and older markup
    "a like by Bridgy": Page(bridged("u-like-of"), "like", words="", address="https://social.example/@ann", date=DATE),
    "a repost by Bridgy": Page(
        bridged("u-repost-of"), "repost", words="", address="https://social.example/@ann", date=DATE
    ),
    "a reply by Bridgy": Page(
        bridged("u-in-reply-to", f'<div class="e-content p-name">{WORDS}</div>'),
        address="https://social.example/@ann",
        date=DATE,
        title=None,
    ),
    "a mention by Bridgy": Page(
        bridged("u-mention", f'<div class="e-content">{WORDS}</div>'),
        "mention",
        address="https://social.example/@ann",
        date=DATE,
        judged="a name that it alone has",
    ),
    "a classic entry": Page(
        f"""<div class="hentry"><h2 class="entry-title">On fog</h2><span class="author vcard"><a class="url fn n"
        href="http://ann.example/">Ann</a></span><time class="entry-date published updated" datetime="{DATE}">x</time>
        <div class="entry-content"><p>{WORDS}</p>{LINK}</div></div>""",
        "mention",
        words=f"{WORDS}\n\nFog",
        date=DATE,
        title="On fog",
    ),
    "a classic entry by the address of the page": Page(
        f"""<div class="hentry"><a rel="bookmark" href="http://ann.example/2">x</a></div><div class="hentry">
        <a rel="bookmark" href="{PAGE}">x</a><span class="author vcard"><b class="fn">Ann</b></span>
        <div class="entry-content">{WORDS} {LINK}</div></div>""",
        "mention",
        address="",
        words=f"{WORDS} Fog",
    ),
    "an author as WordPress themes have it": Page(
        f"""<article class="post hentry"><span class="byline">by <span class="author vcard"><a class="url fn n"
        href="http://ann.example/author/ann/" rel="author">Ann</a></span></span>
        <div class="entry-content">{WORDS} {LINK}</div></article>""",
        "mention",
        address="http://ann.example/author/ann/",
        words=f"{WORDS} Fog",
    ),
    "both kinds of names": Page(
        f"""<article class="hentry h-entry"><span class="author vcard p-author h-card"><a class="url fn p-name u-url"
        href="http://ann.example/">Ann</a></span><div class="entry-content e-content">{WORDS}</div>{REPLY}</article>"""
    ),
    "classes of style": Page(
        f'<div class="h-full p-4">{entry(REPLY, ANN, CONTENT)}</div>', judged="h-full is no format"
    ),
}
