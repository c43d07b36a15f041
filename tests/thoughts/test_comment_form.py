"""The comment form: what is refused, that nothing typed is lost, and that each error stands next to its field."""

import string
from typing import Any

import pytest

from feedserver.posts.model import Post
from feedserver.thoughts import comments
from tests.pages.builders import CLIENT_PATTERN
from tests.thoughts.forms import TYPED, Commenter, read_form
from tests.thoughts.site import Site, SiteWith

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite


@pytest.fixture
def commenter(site: Site, post: Post) -> Commenter:
    return Commenter(site)


FAULTS = {
    "no comment": ({"comment": ""}, "comment", "Please write a comment."),
    "a blank comment": ({"comment": " \r\n\t"}, "comment", "Please write a comment."),
    "control characters as a comment": ({"comment": "\x00\n \t"}, "comment", "Please write a comment."),
    "an invisible comment": ({"comment": "\u200b\u2060 \u00ad"}, "comment", "Please write a comment."),
    "a comment of fillers": ({"comment": "\u3164\u115f\u1160 \uffa0\u2800"}, "comment", "Please write a comment."),
    "a comment of marks": ({"comment": "\u0301\u0489\ufe0f"}, "comment", "Please write a comment."),
    "a long comment": ({"comment": "x" * 10_001}, "comment", "At most 10,000 characters, please; these are 10,001."),
    "no name": ({"name": ""}, "name", "Please give a name."),
    "a name of marks and control characters": ({"name": " \u200e \x00"}, "name", "Please give a name."),
    "an invisible name": ({"name": "\u200b"}, "name", "Please give a name."),
    "a name of a filler": ({"name": "\u200b\u00ad\u3164"}, "name", "Please give a name."),
    "a long name": ({"name": "x" * 101}, "name", "At most 100 characters, please; these are 101."),
    "no email address": ({"email": "rita at mail"}, "email", "This is not an e-mail address."),
    "a long email address": ({"email": "r" * 250 + "@mail.example"}, "email", "At most 254 characters"),
    "two email addresses": ({"email": "a@b.example, c@d.example"}, "email", "This is not an e-mail address."),
    "javascript": ({"website": "javascript:alert(1)"}, "website", "This is not a web address"),
    "javascript with slashes": ({"website": "javascript://%0aalert(1)"}, "website", "This is not a web address"),
    "data": ({"website": "data:text/html,x"}, "website", "This is not a web address"),
    "another scheme": ({"website": "ftp://rita.example/"}, "website", "This is not a web address"),
    "a website with a password": ({"website": "http://a:b@rita.example/"}, "website", "This is not a web address"),
    "a website with blanks": ({"website": "http://rita.example/a b"}, "website", "This is not a web address"),
    "a long website": ({"website": "http://rita.example/" + "a" * 2_048}, "website", "At most 2,048 characters"),
}


@pytest.mark.parametrize(("typed", "field", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_next_to_its_field_and_nothing_typed_is_lost(
    site: Site, commenter: Commenter, typed: dict[str, str], field: str, message: str
) -> None:
    sent: dict[str, Any] = TYPED | {"website": "https://rita.example/"} | typed

    answer = commenter.send(**sent)

    assert answer.status_code == 422
    assert site.thoughts() == []
    form = read_form(answer.text)
    told = form.attributes[field]
    assert (told["aria-invalid"], told["aria-describedby"]) == ("true", f"error-{field}")
    assert message in answer.text.split(f'id="error-{field}"')[1].split("</span>")[0]
    assert [name for name, given in form.attributes.items() if given.get("aria-invalid")] == [field]
    assert {name: form.values[name].replace("\r\n", "\n") for name in sent} == {
        name: value.replace("\r\n", "\n") for name, value in sent.items()
    }
    assert "X-Pingback" not in answer.headers
    assert CLIENT_PATTERN.findall(answer.text) == []


def test_a_form_that_was_corrected_is_taken(site: Site, commenter: Commenter) -> None:
    refused = commenter.send(name="")
    form = read_form(refused.text)
    site.clock.move(seconds=5)

    answer = commenter.post(form.values | {"name": "Rita"})

    assert answer.status_code == 303
    assert site.only_thought().author_name == "Rita"


def test_all_faults_are_told_at_once(commenter: Commenter) -> None:
    answer = commenter.send(comment="", name="", email="x", website="ftp://x")

    assert answer.text.count('aria-invalid="true"') == 4
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 10_000, "x" * 10_000),
        ("line\r\nline\r\rline", "line\nline\n\nline"),
        ("\n\n  words  \n", "words"),
        ("a\x00b\x1fc\ufffe", "abc"),
        ("नमस्ते 👋🏽", "नमस्ते 👋🏽"),
    ],
    ids=["the longest", "line ends", "outer blanks", "control characters", "any script"],
)
def test_a_comment_is_cleaned_and_kept(site: Site, commenter: Commenter, text: str, kept: str) -> None:
    assert commenter.send(comment=text).status_code == 303

    assert site.only_thought().excerpt == kept


# --- who sent it, and from where ---


def test_a_field_that_people_do_not_see_must_stay_empty(site: Site, commenter: Commenter) -> None:
    form = commenter.form()
    assert form.attributes[comments.TRAP]["tabindex"] == "-1"

    answer = commenter.send(form, **{comments.TRAP: "http://pills.example/"})

    assert answer.status_code == 422
    assert site.thoughts() == []
    assert read_form(answer.text).values[comments.TRAP] == "", "a program that fills in every field does so again"


@pytest.mark.parametrize(
    ("seconds", "complaint"), [(0, None), (2, None), (2 * 86_400, None), (2 * 86_400 + 1, "too old")]
)
def test_a_form_is_not_taken_too_late(site: Site, commenter: Commenter, seconds: float, complaint: str | None) -> None:
    form = commenter.form()
    site.clock.move(seconds=seconds)

    answer = commenter.post(form.values | TYPED)

    assert answer.status_code == (422 if complaint else 303)
    if complaint:
        assert read_form(answer.text).values["comment"] == TYPED["comment"]
        assert complaint in answer.text.split('role="alert"')[1]


@pytest.mark.parametrize(
    ("seconds", "state", "reason"),
    [
        (0, "held", "sent within two seconds after the form was opened"),
        (1.9, "held", "sent within two seconds after the form was opened"),
        (-60, "held", "sent within two seconds after the form was opened"),
        (2, "shown", "comments are shown at once"),
    ],
    ids=["at once", "quickly", "signed by a clock ahead", "written"],
)
def test_a_comment_that_comes_quickly_waits_for_a_look_whatever_the_settings_say(
    site_with: SiteWith, seconds: float, state: str, reason: str
) -> None:
    site = site_with(moderation_comments="show")
    commenter = Commenter(site, site.publish("Fog", slug="fog", date="2026-01-31").slug)
    form = commenter.form()
    site.clock.move(seconds=seconds)

    answer = commenter.post(form.values | TYPED)

    assert answer.status_code == 303
    assert f"comment={state}" in answer.headers["Location"]
    thought = site.only_thought()
    assert (thought.state, thought.reason) == (state, reason)


def spelt_otherwise(token: str) -> str:
    """The same bytes in base64 again: the lowest of the last letter's six bits is not decoded."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


FORGED = ["missing", "empty", "of another post", "changed", "spelt otherwise", "of another secret"]


@pytest.mark.parametrize("forged", [*FORGED, "unsigned", "a null byte", "nonsense", "null"])
def test_a_form_that_was_not_given_out_here_is_refused(site: Site, commenter: Commenter, forged: str) -> None:
    other = site.publish("Other")
    values = commenter.form().values | TYPED
    token = values[comments.TOKEN]
    strange = comments.Tokens("another secret").issue(1, site.clock())
    values[comments.TOKEN] = {
        "of another post": Commenter(site, other.slug).form().values[comments.TOKEN],
        "changed": ("A" if token[0] != "A" else "B") + token[1:],
        "spelt otherwise": spelt_otherwise(token),
        "of another secret": strange,
        "unsigned": "WzEsMCwiYSJd.forged",
        "a null byte": "\x00",
        "nonsense": "\u2603.\u2603",
        "null": "bnVsbA.bnVsbA",
    }.get(forged, "")
    if forged == "missing":
        del values[comments.TOKEN]
    site.clock.move(seconds=5)

    answer = commenter.post(values)

    assert answer.status_code == 422
    assert site.thoughts() == []
    assert read_form(answer.text).values["comment"] == TYPED["comment"]


@pytest.mark.parametrize(
    ("fetch_site", "status"),
    [("cross-site", 422), ("same-origin", 303), ("same-site", 303), ("none", 303), ("", 422), ("nonsense", 422)],
)
def test_a_form_that_another_site_sends_is_refused(
    site: Site, commenter: Commenter, fetch_site: str, status: int
) -> None:
    form = commenter.form()
    site.clock.move(seconds=5)

    assert commenter.post(form.values | TYPED, Sec_Fetch_Site=fetch_site).status_code == status


def test_too_many_comments_from_one_address_are_429_and_nothing_is_lost(site: Site, commenter: Commenter) -> None:
    elsewhere = commenter.send(sender="192.0.2.8")
    answers = [commenter.send(comment=f"Number {number}") for number in range(12)]

    assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 2
    wait = int(answers[-1].headers["Retry-After"])
    assert read_form(answers[-1].text).values["comment"] == "Number 11"
    assert elsewhere.status_code == 303
    values = commenter.form().values | TYPED
    site.clock.move(seconds=wait - 1)
    assert commenter.post(values).status_code == 429
    site.clock.move(seconds=1)
    assert commenter.post(values).status_code == 303


def test_only_what_comes_from_a_form_of_ours_counts_as_sent(commenter: Commenter) -> None:
    form = commenter.form()
    for number in range(20):
        assert commenter.send(form, token=f"forged {number}").status_code == 422
        assert commenter.send(form, comment="x" * 10_001).status_code == 422

    assert commenter.send(name="").status_code == 422
    assert commenter.send().status_code == 303


def test_texts_are_read_only_of_a_form_of_ours_within_the_rate_and_of_the_right_length(
    site: Site, commenter: Commenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        commenter.send(comment=f"Number {number}")
    read: list[object] = []
    monkeypatch.setattr(comments, "read", read.append)

    form = commenter.form()
    assert commenter.send(form).status_code == 429
    assert commenter.send(form, token="forged").status_code == 422
    assert commenter.send(form, comment="x" * 10_001).status_code == 422
    assert read == []


def test_line_ends_and_outer_blanks_do_not_make_a_comment_too_long(site: Site, commenter: Commenter) -> None:
    text = "\r\n" * 10 + "x\r\n" * 4_999 + "xx" + " " * 10

    assert commenter.send(comment=text).status_code == 303
    assert len(site.only_thought().excerpt) == 10_000


def test_a_body_that_is_too_large_is_413(site: Site, commenter: Commenter) -> None:
    form = commenter.form()

    assert commenter.send(form, comment="x" * comments.MAX_BODY).status_code == 413
    assert site.thoughts() == []


def test_a_post_closed_to_comments_has_no_form_and_takes_none(site: Site) -> None:
    site.publish("Closed", slug="closed", comments="closed")
    commenter = Commenter(site, "closed")

    assert commenter.form().action == ""
    assert commenter.send().status_code == 403
    assert site.thoughts() == []


@pytest.mark.parametrize("slug", ["draft", "scheduled", "unknown"])
def test_what_no_reader_can_see_takes_no_comments(site: Site, slug: str) -> None:
    site.publish("Draft", slug="draft", draft="true")
    site.publish("Scheduled", slug="scheduled", date="2027-01-01")

    assert Commenter(site, slug).send().status_code == 404


def test_each_page_gives_out_a_form_of_its_own_without_a_cookie(site: Site, commenter: Commenter) -> None:
    response = site.client.get("/posts/a-post")

    assert "Set-Cookie" not in response.headers
    assert commenter.form().values[comments.TOKEN] != commenter.form().values[comments.TOKEN]
    assert commenter.form().action == "/posts/a-post/comments"
