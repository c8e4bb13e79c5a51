"""Publishing articles and taking them back."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.problems import fields_of, problem_in
from tests.support.writing import publish, read, write

PUBLICATION = "/articles/an-article/publication"


async def test_an_article_is_published_now(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await write(author)
    before = datetime.now(UTC)

    response = await author.put(PUBLICATION)

    assert response.status_code == 200
    assert response.json()["status"] == "published"
    assert before <= datetime.fromisoformat(response.json()["published_at"]) <= datetime.now(UTC)
    assert await read(anonymous, "/articles/an-article") == response.json()


@pytest.mark.parametrize("body", [{}, {"published_at": None}])
async def test_an_empty_body_is_no_body(author: httpx.AsyncClient, body: dict[str, None]) -> None:
    await write(author)

    assert (await author.put(PUBLICATION, json=body)).json()["status"] == "published"


async def test_an_earlier_date_can_be_given(author: httpx.AsyncClient) -> None:
    published = await publish(author, at="2019-05-04T03:02:01+02:00")

    assert published["published_at"] == "2019-05-04T01:02:01Z"


async def test_a_date_can_be_corrected(author: httpx.AsyncClient) -> None:
    await publish(author, at="2019-01-01T00:00:00Z")

    response = await author.put(PUBLICATION, json={"published_at": "2020-01-01T00:00:00Z"})

    assert response.json()["published_at"] == "2020-01-01T00:00:00Z"


async def test_a_date_in_the_future_is_refused(author: httpx.AsyncClient) -> None:
    await write(author)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    problem = problem_in(await author.put(PUBLICATION, json={"published_at": tomorrow}), 409, "publication_in_future")

    assert fields_of(problem) == ["published_at"]
    assert (await read(author, "/articles/an-article"))["status"] == "draft"


@pytest.mark.parametrize(
    "date",
    ["2019-05-04T03:02:01", "2019-05-04", "yesterday", "", True, "0001-01-01T00:00:00+14:00", "-0001-01-01T00:00:00Z"],
)
async def test_what_is_not_a_moment_is_refused(author: httpx.AsyncClient, date: object) -> None:
    await write(author)

    problem_in(await author.put(PUBLICATION, json={"published_at": date}), 422, "validation_error")


async def test_publishing_again_keeps_the_date(author: httpx.AsyncClient) -> None:
    await publish(author, at="2019-01-01T00:00:00Z")

    assert (await author.put(PUBLICATION)).json()["published_at"] == "2019-01-01T00:00:00Z"


async def test_a_draft_again_is_gone_and_comes_back_under_its_date(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, at="2019-01-01T00:00:00Z")

    assert (await author.delete(PUBLICATION)).status_code == 204

    problem_in(await anonymous.get("/articles/an-article"), 404, "article_not_found")
    assert (await read(author, "/articles/an-article"))["status"] == "draft"
    assert (await author.put(PUBLICATION)).json()["published_at"] == "2019-01-01T00:00:00Z"
    assert (await anonymous.get("/articles/an-article")).status_code == 200


async def test_a_draft_can_be_made_a_draft(author: httpx.AsyncClient) -> None:
    await write(author)

    assert (await author.delete(PUBLICATION)).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_somebody_elses_article_is_published_by_editors_only(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient, method: str
) -> None:
    await publish(editor)

    problem_in(await author.request(method, PUBLICATION), 403, "forbidden")
    problem_in(await reader.request(method, PUBLICATION), 403, "forbidden")
    assert (await read(author, "/articles/an-article"))["status"] == "published"


async def test_an_editor_publishes_for_an_author(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    written = await write(author)

    response = await editor.put(PUBLICATION)

    assert response.status_code == 200
    assert response.json()["author"] == written["author"]
