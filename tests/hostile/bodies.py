"""Hostile request bodies for the pingback endpoint: at most 64 KiB of XML each, as more is not read."""

LIMIT = 65_536


def _call(inside: str) -> bytes:
    return f"<?xml version='1.0'?><methodCall><methodName>x</methodName><params>{inside}</params></methodCall>".encode()


def _filled(start: str, piece: str, end: str = "") -> bytes:
    room = LIMIT - len(_call(start + end))
    return _call(start + piece * (room // len(piece.encode())) + end)


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

BODIES = {
    "a billion laughs": f"<!DOCTYPE x [<!ENTITY l0 'ha'>{_LAUGHS}]><x>&l9;</x>".encode(),
    "one entity many times": b"<!DOCTYPE x [<!ENTITY a '" + b"a" * 30_000 + b"'>]><x>" + b"&a;" * 10_000 + b"</x>",
    "DOCTYPE without anything": b"<!DOCTYPE x><x/>",
    "external entity": b"<!DOCTYPE x [<!ENTITY e SYSTEM 'http://127.0.3.1/'>]><x>&e;</x>",
    "deep elements": b"<a>" * (LIMIT // 3),
    "deep arrays": _filled("", "<array><data><value>"),
    "many parameters": _filled("", "<param><value>x</value></param>"),
    "many numbers": _filled("", "<param><value><int>1</int></value></param>"),
    "one huge number": _filled("<param><value><int>", "9", "</int></value></param>"),
    "many structs": _filled("", "<param><value><struct></struct></value></param>"),
    "many attributes": b"<methodCall " + b" ".join(b"a%d=''" % n for n in range(7_500)) + b"/>",
    "many names": _filled("", "".join(f"<{chr(97 + n)}/>" for n in range(20))),
    "comments": _filled("", "<!---->"),
    "character references": _filled("<param><value>", "&#x1f600;", "</value></param>"),
    "cut in the middle": _filled("", "<param><value>x</value></param>")[:-9],
    "UTF-16 of nothing": b"\xff\xfe" + b"\x00\xd8" * 32_000,
}
