"""Pings as another blog sends them, and what the answers say."""

import xmlrpc.client
from typing import Any

WORDPRESS = """<?xml version="1.0"?>
<methodCall>
<methodName>pingback.ping</methodName>
<params>
<param><value><string>{source}</string></value></param>
<param><value><string>{target}</string></value></param>
</params></methodCall>
"""
HEADERS = {
    "User-Agent": "The Incutio XML-RPC PHP Library -- WordPress/6.1.9",
    "Content-Type": "text/xml",
    "Accept-Encoding": "deflate, gzip, br, zstd",
}


def ping_body(source: str, target: str) -> bytes:
    """A request of the very shape that WordPress sends: `&` is escaped once."""
    return WORDPRESS.format(source=source.replace("&", "&amp;"), target=target.replace("&", "&amp;")).encode()


def call_body(method: str, *params: Any) -> bytes:
    """Any XML-RPC call."""
    return xmlrpc.client.dumps(params, method, allow_none=True).encode()


def read_answer(body: bytes) -> str | int | list[object]:
    """The one value of a response, or a fault's code."""
    try:
        (value,), _ = xmlrpc.client.loads(body)
    except xmlrpc.client.Fault as fault:
        return int(fault.faultCode)
    return value  # type: ignore[return-value]


def fault_text(body: bytes) -> str:
    try:
        xmlrpc.client.loads(body)
    except xmlrpc.client.Fault as fault:
        return str(fault.faultString)
    raise AssertionError("this is no fault")
