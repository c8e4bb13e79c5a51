"""Merging one's own text with what others have made of the draft meanwhile."""

from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Revision
from tests.support.problems import fields_of, problem_in
from tests.support.writing import publish, read, write

DRAFT = "/articles/bread/draft"
MERGES = f"{DRAFT}/merges"
BODY = "# Bread\n\nFlour is ground.\n\nWater is added.\n\nAll of it is kneaded.\n\nIt rests.\n"


@pytest.fixture
async def bread(author: httpx.AsyncClient) -> Any:
    return await publish(author, "Bread", body_markdown=BODY, tags=["Baking", "Rye"])


def mine(base: int, **changes: Any) -> dict[str, Any]:
    return {"title": "Bread", "body_markdown": BODY, "tags": ["Baking", "Rye"], "base_version": base, **changes}


async def merged(client: httpx.AsyncClient, body: dict[str, Any]) -> Any:
    response = await client.post(MERGES, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def revisions_in(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Revision)) or 0)


async def test_what_two_have_written_in_different_places_is_merged_and_can_be_saved(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any, session: AsyncSession
) -> None:
    theirs = {"title": "Good bread", "body_markdown": BODY.replace("rests", "rises"), "tags": ["Rye", "Dough"]}
    draft = await editor.patch(DRAFT, json=theirs)
    before = await revisions_in(session)

    ours = mine(bread["version"], body_markdown=BODY.replace("ground", "milled"), tags=["Baking"], excerpt="Yum")
    merge = await merged(author, ours)

    assert (merge["version"], merge["is_base_known"]) == (draft.json()["version"], True)
    assert (merge["field_conflicts"], [hunk["text"] is None for hunk in merge["hunks"]]) == ([], [False])
    result = merge["merged"]
    assert result["body_markdown"] == BODY.replace("ground", "milled").replace("rests", "rises")
    assert (result["title"], result["excerpt"], result["tags"]) == ("Good bread", "Yum", ["Dough"])
    assert result["slug"] == "bread"
    # Nothing is saved.
    assert await revisions_in(session) == before
    assert (await author.get(DRAFT)).headers["ETag"] == draft.headers["ETag"]

    saved = await author.put(DRAFT, json=result, headers={"If-Match": merge["etag"]})

    assert saved.status_code == 200, saved.text
    assert saved.json()["body_markdown"] == result["body_markdown"]


async def test_what_both_have_changed_is_a_conflict(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    theirs = {"title": "Their bread", "body_markdown": BODY.replace("Water is added.", "Milk is poured in.")}
    await editor.patch(DRAFT, json=theirs)

    ours = mine(bread["version"], title="My bread", body_markdown=BODY.replace("Water is added.", "Beer comes next."))
    merge = await merged(author, ours)

    assert merge["field_conflicts"] == [
        {"field": "title", "base": "Bread", "mine": "My bread", "theirs": "Their bread"}
    ]
    [conflict] = [hunk for hunk in merge["hunks"] if hunk["text"] is None]
    assert "Water is added." in conflict["base"]
    assert "Beer comes next." in conflict["mine"]
    assert "Milk is poured in." in conflict["theirs"]
    # Whoever saves it as it is loses nothing of the text.
    for text in ("Beer comes next.", "Milk is poured in.", "It rests."):
        assert text in merge["merged"]["body_markdown"]
    chosen = "".join(hunk["mine"] if hunk["text"] is None else hunk["text"] for hunk in merge["hunks"])
    assert chosen == ours["body_markdown"]


async def test_where_there_is_no_draft_it_is_merged_with_what_readers_see(
    author: httpx.AsyncClient, bread: Any
) -> None:
    await author.patch("/articles/bread", json={"title": "Good bread"})

    merge = await merged(author, mine(bread["version"], excerpt="Yum"))

    assert (merge["merged"]["title"], merge["merged"]["excerpt"]) == ("Good bread", "Yum")
    etag = {"If-Match": merge["etag"]}
    assert (await author.put(DRAFT, json=merge["merged"], headers=etag)).status_code == 200


async def test_without_its_base_every_difference_is_a_conflict(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    await write(author, "Bread", body_markdown=BODY, tags=["Baking"])
    await editor.patch(DRAFT, json={"title": "Their bread", "body_markdown": BODY.replace("rests", "rises")})
    await session.execute(delete(Revision).where(Revision.number == 1))
    await session.commit()

    merge = await merged(author, mine(1, body_markdown=BODY.replace("ground", "milled")))

    assert merge["is_base_known"] is False
    assert merge["field_conflicts"] == [{"field": "title", "base": None, "mine": "Bread", "theirs": "Their bread"}]
    conflicts = [hunk for hunk in merge["hunks"] if hunk["text"] is None]
    assert [(hunk["base"], hunk["mine"], hunk["theirs"]) for hunk in conflicts] == [
        (None, "Flour is milled.\n", "Flour is ground.\n"),
        (None, "It rests.\n", "It rises.\n"),
    ]
    # All tags of both stay.
    assert merge["merged"]["tags"] == ["Baking", "Rye"]


async def test_a_superseded_autosave_is_still_a_base(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, bread: Any
) -> None:
    assert bread
    autosaving = f"{DRAFT}?autosave=true"
    base = (await editor.patch(autosaving, json={"body_markdown": BODY.replace("rests", "rises")})).json()
    await editor.patch(autosaving, json={"body_markdown": BODY.replace("rests", "sleeps")})

    ours = mine(base["version"], body_markdown=base["body_markdown"].replace("ground", "milled"))
    merge = await merged(author, ours)

    assert merge["is_base_known"]
    assert merge["merged"]["body_markdown"] == BODY.replace("rests", "sleeps").replace("ground", "milled")


async def test_what_is_wrong_with_a_request_is_said(author: httpx.AsyncClient, bread: Any) -> None:
    missing = await author.post(MERGES, json=mine(bread["version"] + 1))
    assert "base_version" in str(problem_in(missing, 404, "revision_not_found")["errors"])
    for base in (0, -1, "1", 1.5, None, 2**31):
        wrong = problem_in(await author.post(MERGES, json=mine(base)), 422, "validation_error")  # type: ignore[arg-type]
        assert fields_of(wrong) == ["base_version"]
    keyed = await author.post(MERGES, json=mine(1), headers={"Idempotency-Key": "a"})
    problem_in(keyed, 422, "idempotency_key_not_supported")


async def test_the_answer_names_the_present_version(author: httpx.AsyncClient, bread: Any) -> None:
    response = await author.post(MERGES, json=mine(bread["version"]))

    assert response.json()["etag"] == f'"{bread["id"]}.{bread["version"]}"'
    assert response.headers["ETag"] == response.json()["etag"]
    assert (await read(author, "/articles/bread"))["version"] == bread["version"]
