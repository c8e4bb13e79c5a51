"""What is announced about articles: each thing once, when it has happened, and nothing if it has not."""

import httpx
import pytest

from app.content.events import (
    ArticleChanged,
    ArticleDeleted,
    ArticlePublished,
    ArticleRestored,
    ArticleUnpublished,
)
from tests.support.events import Announced, listen
from tests.support.writing import publish, write

ARTICLE = "/articles/an-article"
PUBLICATION = f"{ARTICLE}/publication"


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Announced:
    return listen(monkeypatch)


async def _account(client: httpx.AsyncClient) -> int:
    return int((await client.get("/users/me")).json()["id"])


async def test_every_step_in_the_life_of_an_article(
    announced: Announced, author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    owner, by = await _account(author), await _account(editor)
    written = await write(author)
    assert announced.take() == []

    await author.put(PUBLICATION)
    await editor.patch(ARTICLE, json={"title": "Another", "excerpt": "Short"})
    await editor.delete(PUBLICATION)
    await author.delete(ARTICLE)
    await editor.put(f"{ARTICLE}/restoration")

    article = (written["id"], owner)
    assert announced.take() == [
        ArticlePublished(*article, owner),
        ArticleChanged(*article, by, ("excerpt", "title")),
        ArticleUnpublished(*article, by),
        ArticleDeleted(*article, owner),
        ArticleRestored(*article, by),
    ]


async def test_an_article_that_is_published_at_once(announced: Announced, author: httpx.AsyncClient) -> None:
    await write(author, status="published")

    assert announced.names() == ["ArticlePublished"]


async def test_nothing_is_announced_twice(
    announced: Announced, author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author)
    announced.take()

    await author.put(PUBLICATION)
    assert announced.names() == []
    await author.put(PUBLICATION, json={"published_at": "2019-01-01T00:00:00Z"})
    assert announced.names() == ["ArticleChanged"]
    await author.patch(ARTICLE, json={})
    assert announced.names() == []
    await author.delete(PUBLICATION)
    await author.delete(PUBLICATION)
    assert announced.names() == ["ArticleUnpublished"]
    await author.delete(ARTICLE)
    await author.delete(ARTICLE)
    assert announced.names() == ["ArticleDeleted"]
    await editor.put(f"{ARTICLE}/restoration")
    await editor.put(f"{ARTICLE}/restoration")
    assert announced.names() == ["ArticleRestored"]


async def test_what_is_refused_is_not_announced(
    announced: Announced, author: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await publish(author)
    await write(author, "Another", slug="another")
    announced.take()

    assert (await reader.patch(ARTICLE, json={"title": "Mine"})).status_code == 403
    assert (await author.patch(ARTICLE, json={"slug": "another"})).status_code == 409
    assert (await author.put(PUBLICATION, json={"published_at": "2999-01-01T00:00:00Z"})).status_code == 409
    assert announced.take() == []
