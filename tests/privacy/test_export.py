"""Taking one's data along."""

import asyncio
import gc
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Invitation, PersonalToken, ProviderAccount, RecoveryCode, User
from app.audit.models import AuditEvent
from app.content.models import Article
from app.core.opaque_tokens import digest_of
from app.core.roles import Role
from app.db.base import Base
from app.privacy import exporter
from tests.support.blogs import all_articles, import_blog
from tests.support.logins import Device, device_of, with_password
from tests.support.problems import problem_in
from tests.support.second_factors import with_totp
from tests.support.users import Users
from tests.support.writing import comment, publish, read, write

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Columns that nobody may see, and how they are told from what may be there by chance.
SECRETS = ("digest", "encrypted_secret", "hashed_password", "public_key", "credential_id")


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@dataclass
class Contents:
    """What is in an archive."""

    texts: dict[str, str]

    def json(self, name: str) -> Any:
        return json.loads(self.texts[name])

    @property
    def whole(self) -> str:
        return "\n".join(self.texts.values())

    @property
    def articles(self) -> list[str]:
        return sorted(name for name in self.texts if name.startswith("articles/"))


def contents_of(response: httpx.Response) -> Contents:
    assert response.status_code == 200, response.text
    with ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return Contents({name: archive.read(name).decode() for name in archive.namelist()})


async def export(client: httpx.AsyncClient) -> Contents:
    return contents_of(await client.get("/users/me/export"))


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna", role=Role.EDITOR)


@pytest.fixture
async def device(users: Users, anna: User) -> Device:
    return await device_of(users, anna.username, "Anna's phone")


async def test_it_comes_as_a_file_that_nobody_keeps(device: Device, session: AsyncSession) -> None:
    response = await device.client.get("/users/me/export")

    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="anna-2026-03-01.zip"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Length"] == str(len(response.content))
    contents = contents_of(response)
    lists = {"comments.json", "redirects.json", "revisions.json", "schedules.json"}
    assert set(contents.texts) == {"README.txt", "account.json", "audit.json", *lists}
    assert (contents.json("comments.json"), contents.json("revisions.json"), contents.articles) == ([], [], [])
    newest = await session.scalar(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))
    assert newest is not None
    assert (newest.action, newest.actor_id) == ("account.exported", newest.subject_id)


async def test_a_text_explains_everything_in_it(device: Device) -> None:
    await write(device.client)

    contents = await export(device.client)

    readme = contents.texts["README.txt"]
    assert max(map(len, readme.splitlines())) <= 120
    told = {line.split()[0] for line in readme.splitlines() if line[:1].islower()}
    assert told == {name.partition("/")[0] for name in contents.texts if name != "README.txt"}
    assert "your passkeys, the providers you sign in with" in " ".join(readme.split())


async def test_the_account_is_told_as_it_is(anna: User, users: Users, device: Device, session: AsyncSession) -> None:
    phone = await with_totp(device.client)
    bert = await users.user(username="bert")
    session.add_all(
        [
            PersonalToken(user_id=anna.id, name="Backup", digest="d" * 64, scope="read"),
            PersonalToken(user_id=bert.id, name="Bert's backup", digest="e" * 64, scope="read"),
            ProviderAccount(user_id=anna.id, provider="google", subject="17", email="anna@gmail.com"),
            Invitation(
                digest="f" * 64, role=Role.AUTHOR, email="carl@example.com", invited_by_id=anna.id, expires_at=START
            ),
        ]
    )
    await session.commit()

    found = (await export(device.client)).json("account.json")

    assert (found["account"]["username"], found["account"]["email"]) == ("anna", "anna@example.com")
    assert (found["account"]["role"], found["account"]["created_at"]) == ("editor", "2026-03-01T12:00:00Z")
    assert (found["has_authenticator_app"], found["recovery_codes_left"]) == (True, len(phone.recovery_codes))
    assert [token["name"] for token in found["personal_tokens"]] == ["Backup"]
    assert [linked["email"] for linked in found["linked_providers"]] == ["anna@gmail.com"]
    assert [invitation["role"] for invitation in found["invitations"]] == ["author"]
    assert [login["user_agent"] for login in found["sessions"]] == ["Anna's phone"]
    assert "carl@example.com" not in str(found)


async def test_former_usernames_are_in_it(device: Device) -> None:
    await publish(device.client)
    for username in ("anna2", "anna", "anna3"):
        await device.client.patch("/users/me", json={"username": username})

    assert (await export(device.client)).json("account.json")["former_usernames"] == ["anna", "anna2"]


async def test_there_are_no_secrets_in_it(anna: User, device: Device, session: AsyncSession) -> None:
    phone = await with_totp(device.client)
    session.add(PersonalToken(user_id=anna.id, name="Backup", digest=digest_of("clp_t"), scope="read"))
    await session.commit()

    contents = await export(device.client)

    secrets = {device.refresh_token, phone.secret, *phone.recovery_codes, anna.hashed_password}
    for table in Base.metadata.sorted_tables:
        for column in (table.c[name] for name in SECRETS if name in table.c):
            secrets |= {str(value) for value in await session.scalars(select(column)) if len(str(value)) > 1}
    assert len(secrets) > len(phone.recovery_codes) * 2
    assert [secret for secret in secrets if secret in contents.whole] == []
    assert await session.scalar(select(RecoveryCode.id).limit(1)) is not None


async def test_articles_come_as_markdown_whatever_their_state(device: Device) -> None:
    category = await device.client.post("/categories", json={"name": "Notes: daily"})
    assert category.status_code == 201, category.text
    await publish(
        device.client,
        "Mine: a story",
        at="2026-02-01T10:00:00Z",
        body_markdown="---\n\nText *here*\n",
        tags=["yes", "Größe"],
        category=category.json()["slug"],
        excerpt="What\n---\nit is about",
        language="de",
        cover_image_url="https://example.com/a.png",
    )
    await write(device.client, "A draft")
    await publish(device.client, "Gone")
    await device.client.delete("/articles/gone")

    contents = await export(device.client)

    assert contents.articles == ["articles/a-draft.md", "articles/gone.md", "articles/mine-a-story.md"]
    header, body = contents.texts["articles/mine-a-story.md"].removeprefix("---\n").split("\n---\n\n", 1)
    assert body == "---\n\nText *here*\n"
    assert header.splitlines()[:4] == [
        "title: 'Mine: a story'",
        "slug: mine-a-story",
        "author: anna",
        "status: published",
    ]
    assert {"date: 2026-02-01 10:00:00+00:00", "- 'yes'", "lang: de", "category: 'Notes: daily'"} <= {
        line.strip() for line in header.splitlines()
    }
    assert "draft: true" in contents.texts["articles/a-draft.md"]
    assert {"status: deleted", "draft: true"} <= set(contents.texts["articles/gone.md"].splitlines())


async def test_what_was_exported_can_be_imported(live_app: FastAPI, live_users: Users, tmp_path: Path) -> None:
    author, editor = await live_users.client(Role.AUTHOR, username="anna"), await live_users.client(Role.EDITOR)
    category = (await editor.post("/categories", json={"name": "Notes"})).json()["slug"]
    await publish(
        author,
        'A "quoted" story: part 2',
        at="2026-02-01T10:00:00Z",
        slug="my-story",
        body_markdown="# Hello\n\n---\n\n`code`  \nText 🎉\n",
        tags=["Größe", "null", "1.10"],
        category=category,
        excerpt="It's about: this",
        language="pt-BR",
    )
    await write(author, "A draft", body_markdown="Not done.")
    await publish(author, "Gone")
    await author.delete("/articles/gone")
    before = {**await all_articles(editor), **await all_articles(editor, "draft")}
    with ZipFile(io.BytesIO((await author.get("/users/me/export")).content)) as archive:
        archive.extractall(tmp_path)
    async with live_app.state.database.writing() as session:
        await session.execute(update(Article).values(slug="old-" + Article.slug))
        await session.commit()

    result = await import_blog(live_app, tmp_path / "articles")

    assert result.exit_code == 0, result.stdout
    after = {**await all_articles(editor), **await all_articles(editor, "draft")}
    own = {"id", "created_at", "updated_at", "version"}
    for slug, article in before.items():
        assert {**after[slug], **{name: article[name] for name in own}} == article
    # What was deleted does not come back to the public.
    assert after["gone"]["status"] == "draft"


async def test_comments_come_with_their_articles(users: Users, device: Device) -> None:
    writer = await users.client(Role.AUTHOR, username="bert")
    await publish(writer, "Theirs")
    first = await comment(device.client, "theirs", "*Is* it so?")
    await comment(writer, "theirs", "Bert's answer", parent=first)
    second = await comment(device.client, "theirs", "Never mind")
    await device.client.delete(f"/comments/{second['id']}")

    contents = await export(device.client)

    found = contents.json("comments.json")
    assert [(item["article"], item["body_markdown"], item["deleted_at"]) for item in found] == [
        ("theirs", "*Is* it so?", None),
        ("theirs", "Never mind", "2026-03-01T12:00:00Z"),
    ]
    assert "Bert" not in contents.whole


async def test_what_was_recorded_says_nothing_of_others(anna: User, users: Users, device: Device) -> None:
    admin = await device_of(
        users, (await with_password(users, username="boss", role=Role.ADMIN)).username, "The boss's computer"
    )
    assert (await admin.client.patch(f"/users/{anna.id}", json={"bio": "New"})).status_code == 200

    contents = await export(device.client)

    events = contents.json("audit.json")
    assert [(event["action"], event["by_you"]) for event in events] == [
        ("login.succeeded", True),
        ("account.changed", False),
    ]
    assert (events[0]["user_agent"], events[1]["user_agent"], events[1]["ip_address"]) == ("Anna's phone", None, None)
    assert "boss" not in contents.whole


async def test_everything_is_in_it_however_much_there_is(
    device: Device, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "_MAX_BATCH", 2)
    other = await users.client(Role.AUTHOR)
    for number in range(5):
        await write(device.client, f"Mine {number}")
        await write(other, f"Theirs {number}")
    await publish(device.client, "Open")
    for number in range(4):
        await comment(device.client, "open", f"Comment {number}")
        await comment(other, "open", f"Answer {number}")

    contents = await export(device.client)

    assert contents.articles == [*(f"articles/mine-{number}.md" for number in range(5)), "articles/open.md"]
    assert [item["body_markdown"] for item in contents.json("comments.json")] == [f"Comment {n}" for n in range(4)]
    assert "Theirs" not in contents.whole


@pytest.mark.parametrize("slug", ["../../etc/passwd", "/etc/passwd", "..\\evil", "a/b", "C:evil"])
async def test_nothing_leads_out_of_the_archive(device: Device, session: AsyncSession, slug: str) -> None:
    """No slug that the blog gives away is like that; should one get into the database, it is not a path."""
    article = await write(device.client)
    await session.execute(update(Article).values(slug=slug))
    await session.commit()

    assert (await export(device.client)).articles == [f"articles/article-{article['id']}.md"]


async def test_nobody_exports_somebody_else(users: Users, anna: User, anonymous: httpx.AsyncClient) -> None:
    problem_in(await anonymous.get("/users/me/export"), 401, "not_authenticated")
    admin = await users.client(Role.ADMIN)
    assert (await admin.get(f"/users/{anna.id}/export")).status_code == 404

    found = (await export(admin)).json("account.json")

    assert found["account"]["username"] != anna.username


async def test_scripts_cannot(anonymous: httpx.AsyncClient, anna: User, session: AsyncSession) -> None:
    session.add(PersonalToken(user_id=anna.id, name="Backup", digest=digest_of("clp_t"), scope="read write"))
    await session.commit()
    anonymous.headers["Authorization"] = "Bearer clp_t"

    problem_in(await anonymous.get("/users/me/export"), 403, "login_required")


async def test_it_is_limited_by_account(users: Users, anna: User, device: Device) -> None:
    for _ in range(5):
        await export(device.client)

    problem_in(await (await users.client_for(anna)).get("/users/me/export"), 429, "too_many_requests")
    assert (await export(await users.client(Role.READER))).texts


@pytest.mark.parametrize("where", ["app.content.exports.articles.post_of", "app.comments.exports.ExportedComment"])
async def test_an_export_that_fails_leaves_no_trace(
    device: Device, session: AsyncSession, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Nor an open file, which would be warned of, and so fail the test."""
    await publish(device.client)
    await comment(device.client, "an-article")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(where, fail)
    assert (await device.client.get("/users/me/export")).status_code == 500
    gc.collect()

    assert "account.exported" not in list(await session.scalars(select(AuditEvent.action)))
    assert await read(device.client, "/users/me")


async def test_an_export_waits_for_writers_instead_of_failing(live_users: Users) -> None:
    client = await live_users.client(Role.AUTHOR)

    exports = (client.get("/users/me/export") for _ in range(4))
    responses = await asyncio.gather(*exports, *(write(client, f"Article {number}") for number in range(4)))

    assert [response.status_code for response in responses[:4]] == [200] * 4
    assert len((await export(client)).articles) == 4
