"""What is announced about comments."""

import httpx
import pytest

from app.comments.events import CommentDeleted, CommentEdited, CommentRestored, CommentWritten
from tests.support.events import listen
from tests.support.writing import comment, publish


async def test_every_step_in_the_life_of_a_comment(
    monkeypatch: pytest.MonkeyPatch, author: httpx.AsyncClient, reader: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    article = await publish(author)
    owner, by = [(await client.get("/users/me")).json()["id"] for client in (reader, editor)]
    announced = listen(monkeypatch)

    first = await comment(reader, "an-article")
    second = await comment(reader, "an-article", parent=first)
    path = f"/comments/{second['id']}"
    await reader.patch(path, json={"body_markdown": "On second thoughts."})
    await editor.delete(path)
    await editor.put(f"{path}/restoration")
    await editor.put(f"{path}/restoration")

    ids = (second["id"], article["id"], owner)
    assert announced.take() == [
        CommentWritten(first["id"], article["id"], owner, owner, None),
        CommentWritten(*ids, owner, first["id"]),
        CommentEdited(*ids, owner),
        CommentDeleted(*ids, by),
        CommentRestored(*ids, by),
    ]


async def test_a_refused_comment_is_not_announced(
    monkeypatch: pytest.MonkeyPatch, author: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await publish(author)
    announced = listen(monkeypatch)

    response = await reader.post("/articles/an-article/comments", json={"body_markdown": "Well", "parent_id": 99})

    assert response.json()["code"] == "parent_not_found"
    assert announced.take() == []
