import io
import itertools
import tracemalloc
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedserver.errors import ImportDamaged, ImportRefused
from feedserver.transfer.formats.xml_mending import Mending
from feedserver.transfer.formats.xml_prolog import Root, root_of
from feedserver.transfer.formats.xml_stream import MAX_ELEMENT, Node, elements

ITEM = ("list/item",)
_XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=60)


def strict(document: bytes, *wanted: str) -> list[Node]:
    return list(elements(io.BytesIO(document), wanted or ITEM))


def mended(document: bytes, *wanted: str) -> tuple[list[Node], Mending]:
    mending = Mending()
    return list(elements(io.BytesIO(document), wanted or ITEM, mending=mending)), mending


def texts(nodes: list[Node]) -> list[str]:
    return [node.text for node in nodes]


def wheres(mending: Mending) -> list[str]:
    return [remark.where for remark in mending.remarks()]


def test_references_in_attributes_are_read_once() -> None:
    (node,) = strict(b'<a x="1 &amp; 2 &#38; 3 &lt; &amp;amp; &amp;#38;"/>', "a")

    assert node.attributes == {"x": "1 & 2 & 3 < &amp; &#38;"}


def test_markup_in_an_element_is_given_as_html() -> None:
    markup = '<p class="a &amp; &quot;b&quot;">One<br/>&lt;two&gt; <x:i xmlns:x="x">three</x:i></p> &amp; <p/>'
    document = f'<list><item type="x"><text>{markup}</text><b>c</b></item><text>{markup}</text></list>'.encode()

    (node,) = elements(io.BytesIO(document), ITEM, is_markup=lambda path, _: path == "list/item/text")

    assert node.said("text") == '<p class="a &amp; &quot;b&quot;">One<br>&lt;two&gt; <i>three</i></p> &amp; <p></p>'
    assert [child.name for child in node.children] == ["text", "b"]
    assert node.said("b") == "c"


def test_elements_come_with_their_lines_their_attributes_and_all_that_is_in_them() -> None:
    document = b"<?xml version='1.0'?>\n<list>\n<other/><item id='7'>a<b>c</b>d<b>e</b></item>\n\n<item/></list>"

    first, second = strict(document)

    assert (first.line, first.attributes, first.text) == (3, {"id": "7"}, "ad")
    assert [child.text for child in first.all("b")] == ["c", "e"]
    assert first.said("b") == "c"
    assert first.said("absent") == ""
    assert second.line == 5


def test_lines_stay_right_beyond_the_numbers_that_a_parser_counts_to() -> None:
    document = b"<list>" + b"\n" * 100_000 + b"<item/>\n<item/></list>"

    assert [node.line for node in strict(document)] == [100_001, 100_002]


def test_names_are_local_whatever_their_namespace() -> None:
    document = b"<list xmlns:w='http://a.example/1.2/'><w:item w:id='3'/></list>"

    assert strict(document)[0].attributes == {"id": "3"}


def test_a_name_may_tell_namespaces_apart() -> None:
    document = b"<list xmlns:w='w' xmlns:e='e'><w:item>1</w:item><e:item>2</e:item></list>"

    def named(namespace: str, name: str) -> str:
        return f"{namespace}:{name}" if namespace else name

    assert texts(list(elements(io.BytesIO(document), ("list/e:item",), named=named))) == ["2"]


def test_a_wanted_element_inside_another_is_given_before_it_and_is_not_kept_in_it() -> None:
    document = b"<list><item><name>n</name><note>1</note><note>2</note></item></list>"

    nodes = strict(document, "list/item", "list/item/note")

    assert [node.name for node in nodes] == ["note", "note", "item"]
    assert [child.name for child in nodes[-1].children] == ["name"]


def test_a_text_in_two_sections_is_one_text() -> None:
    assert texts(strict(b"<list><item><![CDATA[a]]]]><![CDATA[>b]]></item></list>")) == ["a]]>b"]


@pytest.mark.parametrize(
    "document",
    [
        "<?xml version='1.0' encoding='ISO-8859-1'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode("cp1252"),
        "<?xml version='1.0' encoding='utf-16'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode("utf-16"),
        "<?xml version='1.0'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode("utf-16-be"),
        "\ufeff<?xml version='1.0'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode(),
        "<?xml version='1.0' encoding='utf-16'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode(),
        "<?xml version='1.0' encoding='no-such'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode(),
        *(
            f"<?xml version='1.0' encoding='{name}'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode()
            for name in ("zip", "idna", "unicode_escape")
        ),
        "<?xml version='1.0' encoding='windows-1252'?><list><item>caf\u00e9 \u201ca\u201d</item></list>".encode(
            "cp1252"
        ),
    ],
)
def test_an_encoding_is_what_the_document_says_unless_it_cannot_be(document: bytes) -> None:
    assert texts(strict(document)) == ["caf\u00e9 \u201ca\u201d"]


def test_a_character_may_stand_on_both_sides_of_where_the_file_is_cut_into_pieces() -> None:
    text = "\u20ac" * 60_000

    assert texts(strict(f"<list><item>{text}</item></list>".encode())) == [text]


def test_a_doctype_without_entities_is_passed_over() -> None:
    document = b"<!DOCTYPE list PUBLIC '-//N' 'http://127.0.0.1:1/l.dtd' [<!ELEMENT b ANY>]><list><item>a</item></list>"

    assert texts(strict(document)) == ["a"]


@pytest.mark.parametrize(
    "declaration",
    [
        b"<!ENTITY x 'y'>",
        b"<!ENTITY x SYSTEM 'file:///etc/hostname'>",
        b"<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'>%x;",
    ],
)
@pytest.mark.parametrize("forgiving", [False, True])
def test_a_doctype_with_entities_is_refused(declaration: bytes, forgiving: bool) -> None:
    document = b"<?xml version='1.0'?>\n<!DOCTYPE list [\n" + declaration + b"]><list><item>&x;</item></list>"

    with pytest.raises(ImportRefused, match="line 3: a DOCTYPE that declares entities"):
        list(elements(io.BytesIO(document), ITEM, mending=Mending() if forgiving else None))


def test_entities_that_multiply_themselves_are_refused_before_they_do() -> None:
    names = [f"<!ENTITY e{i} '{f'&e{i - 1};' * 10}'>" for i in range(1, 12)]
    document = f"<!DOCTYPE list [<!ENTITY e0 'ha'>{''.join(names)}]><list a='&e11;'/>".encode()

    with pytest.raises(ImportRefused):
        strict(document)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (b"<list>\n<item>a & b</item></list>", 2),
        (b"<list>\n<item>a\x07b</item></list>", 2),
        (b"<list>\n\n<item>caf\xe9</item></list>", 3),
        (b"<list>\n<item><![CDATA[a[b[0]]>1) ]]></item></list>", 2),
        (b"<list>\n<item></itm></list>", 2),
        (b"<list>\n<item>a</item>", 2),
        (b"x<?xml version='1.0'?><list/>", 1),
        (b"<list>\n<w:item/></list>", 2),
        (b"<!DOCTYPE list SYSTEM 'l.dtd'><list>\n<item>&eacute;</item></list>", 2),
    ],
)
def test_a_strict_reading_names_the_first_line_that_is_not_well_formed(document: bytes, line: int) -> None:
    with pytest.raises(ImportDamaged, match=rf"^line {line}: [^\n]+$"):
        strict(document)


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        (b"?a=1&b=2&c", "?a=1&b=2&c"),
        (b"a&nbsp;b &eacute; &amp;lt; &#65; &#x42; &nosuch;", "a\u00a0b \u00e9 &lt; A B &nosuch;"),
        (b"a\x07b\x0bc\xef\xbf\xbed", "abcd"),
        (b"a&#7;b&#xFFFE;c&#1114112;d", "abcd"),
        (b"caf\xe9 end", "caf\ufffd end"),
        (b"1 < 2 <3", "1 < 2 <3"),
        (b"<![CDATA[a[b[0]]>1) { x }]]>", "a[b[0]]>1) { x }"),
        (b"<![CDATA[a ]]> b ]]> c & d]]> &", "a ]]> b ]]> c & d &"),
        (b"<<![CDATA[<b>]]>", "<<b>"),
        (b"a ]]> b", "a ]]> b"),
        (b"<!-- a & b < ]]> --><?a & b?>&", "&"),
    ],
)
def test_what_is_damaged_is_mended_where_it_is_certain_what_was_meant(damaged: bytes, text: str) -> None:
    document = b"<list>\n<item>whole</item>\n<item>" + damaged + b"</item><item>after</item></list>"

    nodes, mending = mended(document)

    assert texts(nodes) == ["whole", text, "after"]
    assert wheres(mending) == ["line 3"]


def test_a_forgiving_reading_passes_over_what_stands_before_the_document() -> None:
    nodes, mending = mended(b"`\n\n<?xml version='1.0'?>\n<list>\n<item/></list>")

    assert [node.line for node in nodes] == [5]
    assert wheres(mending) == ["line 1"]


def test_of_a_file_that_was_cut_off_only_whole_elements_are_given() -> None:
    nodes, mending = mended(b"<list><item>a</item>\n<item>b</it")

    assert texts(nodes) == ["a"]
    assert "the file ends early" in [remark.what for remark in mending.remarks()]


def test_a_line_is_told_once_for_each_kind_of_damage() -> None:
    _, mending = mended(b"<list><item>& & < \x07</item>\n<item>&</item></list>")

    assert [(one.where, one.what) for one in mending.remarks()] == [
        ("line 1", "U+0007 is dropped"),
        ("line 1", "“&” stands for itself, and 2 more"),
        ("line 2", "“&” stands for itself"),
    ]


def test_a_hundred_lines_are_told_and_all_places_are_counted() -> None:
    _, mending = mended(b"<list>" + b"<item>&</item>\n" * 250 + b"</list>")

    assert mending.count == 250
    assert [remark.what for remark in mending.remarks()][-1] == "150 more places"


def test_what_is_damaged_everywhere_is_refused() -> None:
    with pytest.raises(ImportRefused, match="damaged in more than 100,000 places"):
        mended(b"<list><item>" + b"&" * 100_001 + b"</item></list>")


@pytest.mark.parametrize(
    "document",
    [b"", b"\n\n", b"hello", b"<list", b"{}", b"\x00\x01\x02", b"\x1f\x8b\x08\x00", b"\xff\xfe", b"PK\x03\x04"],
)
def test_what_is_no_xml_is_refused_in_both_readings(document: bytes) -> None:
    with pytest.raises(ImportRefused):
        strict(document)
    with pytest.raises(ImportRefused):
        mended(document)
    assert root_of(io.BytesIO(document)) is None


def test_the_root_tells_what_kind_of_document_it_is() -> None:
    document = b"junk <?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><r:rss xmlns:r='u' xmlns='v' a='w'><cut"

    attributes = {"xmlns:r": "u", "xmlns": "v", "a": "w"}
    assert root_of(io.BytesIO(document)) == Root("rss", frozenset(("u", "v")), attributes)


@pytest.mark.parametrize(
    "content",
    [
        b"<item>" + b"x" * MAX_ELEMENT + b"</item>",
        b"<item>" + b"<b>" + b"x" * (MAX_ELEMENT // 8) + b"</b></item><item>",
        b"<item>" + b"x\n" * (MAX_ELEMENT // 2) + b"</item>",
        b"<!--" + b"x" * (MAX_ELEMENT + 200_000) + b"-->",
        b"<item a='" + b"x" * (MAX_ELEMENT + 200_000) + b"'/>",
        b"<item>" + b"<b/>" * 100_000 + b"</item>",
        b"<a>" * 100_000,
        b"<item " + b"".join(b"a%d='' " % i for i in range(10_001)) + b"/>",
        b"".join(b"<a%d/>" % i for i in range(10_001)),
    ],
    ids=["text", "unclosed", "lines", "comment", "attribute", "children", "depth", "attributes", "names"],
)
def test_what_would_fill_the_memory_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(ImportRefused, match=r"^line \d+: [^\n]{,120}$"):
        strict(b"<list>" + content + b"</list>")


def test_a_text_of_ten_megabytes_is_read() -> None:
    assert len(strict(b"<list><item>" + b"x" * 10_485_760 + b"</item></list>")[0].text) == 10_485_760


class Long:
    """A document of many pieces, which is never whole in memory."""

    def __init__(self, pieces: int) -> None:
        self._pieces = itertools.chain([b"<list>"], itertools.repeat(b"<item><a>hello</a></item>\n" * 100, pieces))

    def read(self, _size: int) -> bytes:
        return next(self._pieces, b"")


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(pieces: int) -> int:
        tracemalloc.reset_peak()
        for _ in elements(Long(pieces), ITEM, mending=Mending()):
            pass
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        assert peak(100) < 1.5 * peak(10)
    finally:
        tracemalloc.stop()


@given(st.lists(_XML_TEXT), st.booleans())
@example(["a]]>b", "]]", "<![CDATA[", "&amp;"], True)
def test_both_readings_of_a_document_that_is_well_formed_give_what_was_written(words: list[str], cdata: bool) -> None:
    def written(text: str) -> str:
        return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>" if cdata else escape(text)

    document = f"<list>{''.join(f'<item>{written(text)}</item>' for text in words)}</list>".encode()

    assert texts(strict(document)) == words
    assert (texts(mended(document)[0]), mended(document)[1].count) == (words, 0)


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                b"<item>",
                b"</item>",
                b"<![CDATA[",
                b"]]>",
                b"&",
                b"<",
                b">",
                b"\xe9",
                b"'",
                b"\n",
                b"x" * 70_000,
                b"<!--",
                b"-->",
                b"<a b='",
                b"\x00",
                b"</list>",
                b"<?",
                b"&#0;",
                b"<!DOCTYPE",
            ]
        )
    ),
    st.booleans(),
)
def test_nothing_but_a_refusal_of_one_line_comes_of_any_damage(parts: list[bytes], forgiving: bool) -> None:
    document = b"<list>" + b"".join(parts)

    refusal = ""
    try:
        list(elements(io.BytesIO(document), ITEM, mending=Mending() if forgiving else None))
    except ImportRefused as error:
        refusal = str(error)

    assert "\n" not in refusal
