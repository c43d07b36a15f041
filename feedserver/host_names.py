"""Host names and IP addresses in one spelling each, so that they can be compared and share limits."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import inet_aton, inet_ntoa
from urllib.parse import SplitResult, unquote, urlsplit

IS_HIDDEN = "feedserver.is_hidden"  # in the WSGI environment: true where a proxy does not say who its client is
DEFAULT_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # last label of a host that the URL Standard parses as IPv4
_MAX_HOST = 253  # characters of a domain name, and 63 of a label (RFC 1035 section 2.3.4)
_MAX_LABEL = 63
_NO_HOST = re.compile(r"[\x00-\x20\x7f\"#%/:<>?@\[\\\]^`{|}]")  # no host name has them (URL Standard section 3.1)


def host_name(parts: SplitResult) -> str:
    """Returns the normalized host: lower case, ASCII, no trailing dot, no brackets; "" if it is invalid.

    All spellings of an address (`0x7f.1`, `[::ffff:127.0.0.1]`) become one, so that they share limits. A name that ends
    in a number but is not an IPv4 address is invalid (URL Standard section 3.5).
    """
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("["):
        return _ipv6(host[1:].partition("]")[0])
    return domain_name(host.partition(":")[0])


def read_host(text: str) -> str:
    """Reads what a person types: a host, alone or in a URL. Returns it normalized, or raises ValueError."""
    try:
        name = text.strip().strip("[]") if "://" not in text else urlsplit(text).hostname or ""
        found = host_name(urlsplit(f"//[{name}]" if ":" in name else f"//{name}")).removeprefix("*.")
    except ValueError:
        found = ""
    if not found or set(name) & set("@ ,/"):
        raise ValueError(f"“{text}” is not a host; give one such as spam.example")
    return found


def _ipv6(text: str) -> str:
    try:
        return "" if "%" in text else str(unmapped(ip_address(text)))  # no zone: each would be another spelling
    except ValueError:
        return ""


@lru_cache(maxsize=4096)  # the links of a page name few hosts
def domain_name(text: str) -> str:
    """Returns an IPv4 address or a domain name as browsers read it; "" if it is invalid.

    It is percent-decoded, then mapped by UTS 46 (non-transitional). Only what no DNS name can hold is invalid:
    IDNA 2008 would refuse names that browsers open, such as `☕.example`.
    """
    host = unquote(text, errors="replace") if "%" in text else text
    if len(host) > _MAX_HOST + 1:
        return ""
    try:
        mapped = (host.lower() if host.isascii() else _mapped(host)).rstrip(".")
        name = mapped if mapped.isascii() else ".".join(map(_ascii_label, mapped.split(".")))
        if _NUMBER.fullmatch(name.rpartition(".")[2]):
            return inet_ntoa(inet_aton(name))
    except (OSError, ValueError):  # idna.IDNAError is a ValueError
        return ""
    longest = max(map(len, name.split(".")))
    return name if longest <= _MAX_LABEL and len(name) <= _MAX_HOST and not _NO_HOST.search(name) else ""


def _mapped(host: str) -> str:
    """A host by the table of UTS 46, which takes 3 MB and is loaded for the first name that needs it."""
    import idna

    return idna.uts46_remap(host, std3_rules=False)


def _ascii_label(label: str) -> str:
    """A label by Punycode (RFC 3492). Raises ValueError if it is too long: its encoding takes quadratic time."""
    if len(label) > _MAX_LABEL:
        raise ValueError
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address within an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), others unchanged."""
    return (address.ipv4_mapped or address) if address.version == 6 else address


def authority(parts: SplitResult) -> tuple[str, int | None]:
    """Returns normalized host and port for comparison. Ports 80 and 443 are None, so that http equals https."""
    port = parts.port
    return host_name(parts), None if port in (None, *DEFAULT_PORTS.values()) else port


def netloc(parts: SplitResult) -> str:
    """Returns the normalized host, in brackets if it is an IPv6 address, with the port unless it is the default one."""
    host = _bracketed(host_name(parts))
    return host if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_within(address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an address (`unmapped`) belongs to one of the networks."""
    return any(address.version == network.version and address in network for network in networks)
