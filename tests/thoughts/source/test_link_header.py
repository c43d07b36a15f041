"""The header field `Link`: what others write, and what it means (RFC 8288)."""

import pytest

from feedserver.thoughts.source.link_header import Link, links_in


def targets_with(relation: str, field: str) -> list[str]:
    return [link.target for link in links_in(field) if relation in link.relations]


@pytest.mark.parametrize(
    "field",
    [
        "</x>; rel=webmention",
        '</x>; rel="webmention"',
        '</x>;rel="webmention"',
        '< /x > ; REL = "WebMention"',
        '</x>; rel="other webmention"',
        '</x>; rel="other\twebmention more"',
        "</x>; rel=webmention more",
        '</x>; title="a; b, c"; type="text/html"; rel=webmention',
        '</x>; title="\\"; rel=other, </y>; "; rel=webmention',
        '</x>; hidden; rel="web\\mention"',
        "</x>; rel=webmention; rel=other",
        "</y>; rel=other, </x>; rel=webmention",
        "</y,z>; rel=other,</x>;rel=webmention",
        ", ,</x>; rel=webmention,",
        "nothing, </x>; rel=webmention",
        '; rel="a, b", </x>; rel=webmention',
    ],
)
def test_a_relation_is_found_however_it_is_written(field: str) -> None:
    assert targets_with("webmention", field) == ["/x"]


@pytest.mark.parametrize(
    "field",
    [
        "",
        "</x>",
        "</x>; rel",
        "</x>; rel=",
        "</x>; rel=not-webmention",
        "</x>; rel=other; rel=webmention",
        '</x>; title="; rel=webmention"',
        '</x>; title="; rel=webmention',
        "</x>; rev=webmention",
        "/x; rel=webmention",
        "</x; rel=webmention",
        'y="</x>; rel=webmention"',
    ],
)
def test_what_is_no_such_relation_is_not_found(field: str) -> None:
    assert targets_with("webmention", field) == []


def test_a_target_may_hold_what_separates_values() -> None:
    assert targets_with("a", '</x,y;z?q="1">; rel=a, <>; rel=a') == ['/x,y;z?q="1"', ""]


def test_several_links_of_a_field_keep_their_order_and_their_anchors() -> None:
    links = list(links_in('</1>; rel=a; anchor="#part", </2>; anchor=""; rel="a b"'))

    assert links == [Link("/1", frozenset({"a"}), "#part"), Link("/2", frozenset({"a", "b"}), "")]
