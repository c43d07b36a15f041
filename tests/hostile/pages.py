"""Hostile pages: a megabyte of HTML each, made to be slow, large or deep. `{post}` stands for the URL of a post."""

MEBI = 1_048_576
ACCENTS = "\u0301\u0316"  # above and below, so that NFC has to sort them


def fill(pattern: str) -> str:
    """A megabyte of `pattern`."""
    return (pattern * (MEBI // len(pattern) + 1))[:MEBI]


def _links_to_posts(before: str, between: str) -> str:
    """Links to two hundred posts after `before`, with `between` between each two."""
    return before + between.join(f"<a href='{{post}}-{number}'>{number}</a>" for number in range(200))


IN_REPLY = "<a class='u-in-reply-to' href='{post}-1'>x</a>"
# Most are as large as honest pages.
MICROFORMATS = {
    "5,000 elements": f"<div class=h-entry>{IN_REPLY}" + "<div>" * 5_000,
    "5,000 elements with text": f"<div class=h-entry>{IN_REPLY}<div class='e-content p-name'>" + "<div>w" * 5_000,
    "5,000 entries in entries": IN_REPLY + "<div class=h-entry>" * 5_000,
    "5,000 entries": IN_REPLY + "<div class=h-entry></div>" * 5_000,
    "100,000 classes": f"<div class='h-entry {'x ' * 50_000}'>{IN_REPLY}<p class='{'p-name ' * 2_000}{'y ' * 50_000}'>",
    "a class without end": f"<div class=h-entry>{IN_REPLY}<p class='{'x' * 1_000_000}'>",
    "10,000 properties": f"<div class=h-entry>{IN_REPLY}" + "<b class=p-x>" * 5_000 + "<b class=p-name>" * 5_000,
    "authors in authors": f"<div class=h-entry>{IN_REPLY}" + "<b class='p-author h-card'>w" * 4_000,
    "classic names": f"<div class=hentry>{IN_REPLY}" + "<b class='author vcard'><a class='url fn' href=x>" * 2_500,
    "blanks in pre": f"<div class=h-entry>{IN_REPLY}<div class=e-content><pre>" + (" " * 16_000 + "<b>") * 10,
    "texts as dates": f"<div class=h-entry>{IN_REPLY}" + f"<b class=p-published>{'1:' * 2_000}</b>" * 25,
    "one text, many names": f"<div class=h-entry>{IN_REPLY}" + "<b class='e-content p-summary p-name'>w" * 3_000,
}

PAGES = {
    "tags that never end": fill("<a "),
    "comments": fill("<!--"),
    "cdata": fill("<![CDATA["),
    "50,000 divs": "<div>" * 50_000 + "<a href=x>y",
    "200,000 divs": "<div>" * 200_000 + "<a href=x>y",
    "256,000 equal attributes": "<p " + "a " * 256_000 + "><a href=x>y",
    "150,000 attributes": "<p " + " ".join(f"a{n}" for n in range(150_000)) + "><a href=x>y",
    "multiplied elements": "<p>" + "".join(f"<b a={n}>" for n in range(2000)) + "</p><p>x" * 100_000,
    "items deep within": "<b>" * 4000 + "<li></li>" * 100_000,
    "long stretches": ("x" * 60_000 + ">") * 17,
    "unclosed b": "<b>" * 340_000 + "<a href=x>y",
    "end tags far away": "<i>" + "<b>" * 150_000 + "</i>" * 120_000 + "<a href=x>y",
    "paragraph far away": "<p>" + "<b>" * 50 + "<hr>" * 200_000 + "<a href=x>y",
    "130,000 different elements": "".join(f"<x{n}>" for n in range(130_000)) + "<a href=x>y",
    "100,000 links": "<a href=x>" * 100_000,
    "links without words": fill("<a href=x>") + "<p>",
    "svg in svg": "<svg>" * 200_000 + "<a href=x>y",
    "titles that close themselves": "<svg>" + fill("<title/>"),
    "read again": "<svg>" + "<title/><style/><script/>" * 20_000 + "<title/>x</title>" * 20_000,
    "noscript in noscript": fill("<noscript>"),
    "many noscripts": fill("<noscript><a href=x></noscript>"),
    "ampersands": fill("&") + "<a href=x>y",
    "huge attribute": "<a href='" + "x" * MEBI + "'>y",
    "blank attribute": "<a href='" + " " * MEBI + "'>y",
    "nul": fill("\0") + "<a href=x>y",
    "accents in the title": "<title>a" + "\u0301\u0316" * (MEBI // 2) + "</title>",
    "accents": "<p>a" + "\u0301\u0316" * (MEBI // 2) + "<a href=x>y" + "\u0301\u0316" * MEBI,
    "bases": fill("<base href=/x/>") + "<a href=x>y",
    "srcset": "<img srcset='" + ", ".join(f"{n} 1x" for n in range(100_000)) + "'>",
    "commas in srcset": "<img srcset='" + "," * MEBI + "'>",
    "styles": fill("<b style='display:'>") + "<a href=x>y",
    "huge style": "<b style='" + fill("font-size:0") + "1'><a href=x>y",
    "blank style": "<b style='display" + " " * MEBI + "'><a href=x>y",
    "empty paragraphs": fill(" <p> ") + "<a href=x>y",
    "words in pieces": fill("w<b>") + "<a href=x>y",
    "link text in pieces": "<a href=x>" + fill("w<b>"),
    "tags that never end, 34,000 times": "<a " * 34_000,
    "every second character NUL": fill("a\0"),
    "links to 200 posts after unclosed elements": _links_to_posts("<b>" * 190_000, ""),
    "links to 200 posts after paragraphs": _links_to_posts("<p>x" * 95_000, "<p>"),
    "links to 200 posts, nothing closed": _links_to_posts("<div>" * 150_000, "<i>" * 200),
    "20,000 links to posts": "".join(f"<a href='{{post}}-{number}'>" for number in range(20_000)),
    "20,000 links beside the site": "".join(f"<a href='{{site}}/{number}'>" for number in range(20_000)),
    "20,000 strange hosts": "".join(f"<a href=//é{number}.example>" for number in range(20_000)),
    "accents before links to 200 posts": "<p>" + ACCENTS * 9000 + _links_to_posts("", ACCENTS * 10),
    "accents in links to 200 posts": "".join(f"<a href='{{post}}-{n}'>q{ACCENTS * 500}</a>" for n in range(200)),
    "accents in pictures of 200 posts": "".join(
        f"<a href='{{post}}-{n}'><img alt='q{ACCENTS * 500}'></a>" for n in range(200)
    ),
    "accents in slugs": "".join(f"<a href='{{site}}/posts/a{ACCENTS * 295}{n}'>" for n in range(850)),
    "joiners before links to 200 posts": "👨\u200d" * 3000 + _links_to_posts("", "👨\u200d" * 30),
    "flags between links to 200 posts": _links_to_posts("🇩🇪" * 1000, "🇩🇪" * 500),
    "syllables without end before links to 200 posts": "ᄀ" * 5000 + _links_to_posts("", "ᄀ" * 500),
    "bidi controls between links to 200 posts": "\u202e" * 300_000 + _links_to_posts("", "\u202e" * 10),
    "metas that name no encoding": fill("<meta charset=x>"),
    "a late meta": "<!--" + fill("x")[:-100] + "--><meta charset=shift_jis>",
    "different styles": "".join(f"<b style='margin:{n}px 1px;margin:{n}px'></b>" for n in range(25_000)),
    "a style of many declarations": "<b style='" + "margin:1;" * 100_000 + "'><a href=x>y",
    "hidden links": "<div style=font-size:0>" + fill("<a href=x>y"),
    "XHTML that closes itself": "<?xml version='1.0'?>" + fill("<a/>"),
    "XHTML of quotes": "<?xml version='1.0'?>" + fill("<a b='/>"),
    "XHTML in CDATA": "<?xml version='1.0'?><![CDATA[" + fill("&"),
    **{f"microformats: {name}": page for name, page in MICROFORMATS.items()},
    "entries in entries": IN_REPLY + fill("<p class=h-entry>"),
    "texts in texts": f"<div class=h-entry>{IN_REPLY}" + "<div class='e-content p-name p-summary'>w" * 25_000,
    "classes of all kinds": f"<p class=h-entry>{IN_REPLY}" + "".join(f"<b class=p-{n}>" for n in range(65_000)),
    "dates in parts": f"<p class=h-entry>{IN_REPLY}<b class=dt-published>" + fill("<i class=value>2026</i>"),
    "a text of breaks": f"<div class=h-entry>{IN_REPLY}<div class=e-content>" + fill("<br>"),
    "accents in an entry": f"<div class=h-entry>{IN_REPLY}<div class='e-content p-name'>"
    + fill(f"a{ACCENTS * 20}<br>"),
    "addresses of an entry": f"<p class=h-entry>{IN_REPLY}"
    + "".join(f"<a class=u-url href='//a.example/{n}{'é' * 900}'>" for n in range(500)),
    "long hosts": "".join(f"<a href='//{('é' * 60 + '.') * 3}{n}/'>" for n in range(2500)),
    "wrong encoding": "<meta charset=iso-2022-jp>" + fill("\x1b$B"),
}
