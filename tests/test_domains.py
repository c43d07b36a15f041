"""Networks: which addresses count as one subscriber."""

import pytest

from feedserver import domains


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_who_is_counted_together(address: str, network: str) -> None:
    assert domains.network(address) == network
