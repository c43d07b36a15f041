"""Hostile pages: a megabyte of HTML each, made to be slow, large or deep. `{post}` stands for the URL of a post."""

MEBI = 1_048_576


def fill(pattern: str) -> str:
    """A megabyte of `pattern`."""
    return (pattern * (MEBI // len(pattern) + 1))[:MEBI]


def _links_to_posts(before: str, between: str) -> str:
    """Links to two hundred posts after `before`, with `between` between each two."""
    return before + between.join(f"<a href='{{post}}-{number}'>{number}</a>" for number in range(200))


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
    "wrong encoding": "<meta charset=iso-2022-jp>" + fill("\x1b$B"),
}
