"""Pictures and files on the desk."""

import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedserver.media import store
from feedserver.media.model import Media
from feedserver.services import WebServices
from tests.desk.conftest import PASSWORD, filled, form, forms
from tests.support.fixtures import Publish
from tests.support.media_files import encoded, quarters
from tests.support.outside import Clock

PICTURE = encoded(quarters(), "JPEG")


def everything(services: WebServices) -> list[Media]:
    with services.database.read() as connection:
        return store.everything(connection)


def upload(ann: FlaskClient, data: bytes = PICTURE, name: str = "roof.jpg", **headers: str) -> TestResponse:
    fields = form(ann.get("/desk/media"), "/desk/media").fields
    sent = {**fields, "alt": "A roof", "file": (io.BytesIO(data), name)}
    return ann.post("/desk/media", data=sent, headers=headers)


def test_a_picture_is_added_described_and_removed(ann: FlaskClient, services: WebServices) -> None:
    assert upload(ann).status_code == 303
    (picture,) = everything(services)
    assert picture.alt == "A roof"
    page = ann.get("/desk/media")
    assert 'alt="A roof"' in page.text

    describe, remove = f"/{picture.hash}/describe", f"/{picture.hash}/remove"
    ann.post(f"/desk/media{describe}", data=filled(form(page, describe).fields, {"alt": "A red roof"}))
    assert everything(services)[0].alt == "A red roof"
    ann.post(f"/desk/media{remove}", data=form(page, remove).fields)

    assert everything(services) == []


@pytest.mark.parametrize("page", ["2", "0", "x"])
def test_a_page_of_the_list_that_is_not_there_is_404(ann: FlaskClient, page: str) -> None:
    upload(ann)

    assert ann.get(f"/desk/media?page={page}").status_code == 404


def test_what_a_post_shows_is_not_removed(ann: FlaskClient, services: WebServices, publish: Publish) -> None:
    upload(ann)
    (picture,) = everything(services)
    remove = form(ann.get("/desk/media"), f"/{picture.hash}/remove")
    publish("A post", f"![roof](/{picture.path})", slug="p")

    page = ann.get("/desk/media")
    assert re.search(r"added [^<;]+\d; shown by <a href=\"[^\"]*/desk/posts/p/edit\">p</a></p>", page.text)
    assert not [one for one in forms(page) if one.action.endswith("/remove")]
    assert ann.post(f"/desk/media/{picture.hash}/remove", data=remove.fields).status_code == 409
    assert everything(services) == [picture]


def test_a_script_is_told_the_line_for_a_text(ann: FlaskClient, services: WebServices) -> None:
    answer = upload(ann, Accept="application/json")

    (picture,) = everything(services)
    path = picture.path
    assert answer.json == [
        {
            "url": f"http://blog.example/{path}",
            "markdown": f"![A roof](/{path})",
            "html": f'<p><img src="/{path}" alt="A roof"></p>',
        }
    ]
    refused = upload(ann, b"<svg/>", "x.svg", Accept="application/json")
    assert (refused.status_code, "x.svg" in refused.get_json()["error"]) == (422, True)
    assert upload(ann, b"<svg/>", "../../etc/x.svg").status_code == 422


def test_nobody_adds_a_file_without_a_session(client: FlaskClient, services: WebServices) -> None:
    assert client.post("/desk/media", data={"file": (io.BytesIO(PICTURE), "roof.jpg")}).status_code == 403
    assert everything(services) == []


def signed_in_again(ann: FlaskClient, refused: TestResponse) -> TestResponse:
    kept = form(refused, "/desk/sign-in").fields
    return ann.post("/desk/sign-in", data=filled(kept, {"name": "ann", "password": PASSWORD}))


def test_a_description_survives_the_end_of_the_session(ann: FlaskClient, services: WebServices, clock: Clock) -> None:
    upload(ann)
    (picture,) = everything(services)
    describe, remove = f"/media/{picture.hash}/describe", f"/media/{picture.hash}/remove"
    shown = ann.get("/desk/media")
    typed = filled(form(shown, describe).fields, {"alt": "A red roof"})
    clock.move(days=31)
    refused = ann.post(f"/desk{describe}", data=typed)
    assert refused.status_code == 403

    again = signed_in_again(ann, refused)

    assert everything(services)[0].alt == "A roof", "nothing was done"
    assert form(again, describe).fields["alt"] == "A red roof"
    ann.post(f"/desk{describe}", data=form(again, describe).fields)
    assert everything(services)[0].alt == "A red roof"
    ann.post(f"/desk{remove}", data=form(ann.get("/desk/media"), remove).fields)
    gone = signed_in_again(ann, refused)
    assert (gone.status_code, "A red roof" in gone.text) == (404, True), "of a file that was removed meanwhile too"


def test_so_does_the_one_of_a_file_that_is_not_taken(ann: FlaskClient, services: WebServices, clock: Clock) -> None:
    refused = upload(ann, b"<svg/>", "x.svg")
    assert (refused.status_code, form(refused, "/desk/media").fields["alt"]) == (422, "A roof")
    fields = {**form(refused, "/desk/media").fields, "file": (io.BytesIO(PICTURE), "roof.jpg")}
    clock.move(days=31)
    refused = ann.post("/desk/media", data=fields)
    assert (refused.status_code, "Files have to be chosen anew." in refused.text) == (403, True)

    again = signed_in_again(ann, refused)

    assert form(again, "/desk/media").fields["alt"] == "A roof"
    assert everything(services) == []
