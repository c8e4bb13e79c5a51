"""What matters is in the audit log, and what is nobody's business is not."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.actions import Action, action, declared_actions
from app.audit.log import AuditLog
from app.audit.models import AuditEvent
from app.core.client import Client
from app.core.roles import Role
from tests.support.logins import PASSWORD, log_in, with_password
from tests.support.users import Users

APP = Path(__file__).parents[2] / "app"
COMMANDS = APP.with_name("commands")
NEW_PASSWORD = "seven slow barges"
# What is done, by whom, and what the audit log calls it.
STEPS = """
PATCH  /articles/{article}              editor  article.changed
DELETE /articles/{article}/publication  editor  article.unpublished
PUT    /articles/{article}/publication  editor  article.published
DELETE /articles/{article}              editor  article.deleted
PUT    /articles/{article}/restoration  editor  article.restored
PATCH  /tags/first                      editor  tag.renamed
POST   /tags/renamed/merges             editor  tag.merged
DELETE /tags/renamed                    editor  tag.deleted
POST   /categories                      editor  category.created
PATCH  /categories/news                 editor  category.changed
DELETE /categories/news                 editor  category.deleted
DELETE /comments/{comment}              editor  comment.deleted
PUT    /comments/{comment}/restoration  editor  comment.restored
PATCH  /users/me                        author  account.changed
PUT    /users/me/email                  author  account.email_change_requested
PATCH  /users/{author}                  admin   account.role_changed
PATCH  /users/{author}                  admin   account.changed
POST   /auth/register                   nobody  account.registered
DELETE /users/{editor}                  admin   account.deleted
POST   /auth/logout-all                 admin   session.all_ended
"""
BODIES: dict[str, Any] = {
    "PATCH /articles/{article}": {"title": "A title that is a secret so far"},
    "PATCH /tags/first": {"name": "Renamed"},
    "POST /tags/renamed/merges": {"tags": ["second"]},
    "POST /categories": {"name": "News"},
    "PATCH /categories/news": {"description": "What happens"},
    "PATCH /users/me": {"display_name": "Anna Virtanen", "bio": "Born in Turku"},
    "PUT /users/me/email": {"email": "virtanen@example.com", "current_password": PASSWORD},
    "PATCH /users/{author}": {"role": "editor", "bio": "Born in Oulu"},
    "POST /auth/register": {"email": "new@example.com", "username": "newcomer", "password": NEW_PASSWORD},
}
PERSONAL = ["virtanen", "turku", "oulu", "anna", "@", "newcomer", PASSWORD, NEW_PASSWORD, "a title that", "clr_", "eyj"]


async def recorded(app: FastAPI) -> list[AuditEvent]:
    async with app.state.database.reading() as session:
        return list(await session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


@pytest.fixture
async def clients(users: Users) -> dict[str, httpx.AsyncClient]:
    author = await with_password(users, role=Role.AUTHOR, username="anna")
    clients = {role: await users.client(Role(role)) for role in ("editor", "admin")}
    return {**clients, "author": await users.client_for(author), "nobody": await users.client()}


async def test_whatever_matters_is_recorded_and_nothing_personal_with_it(
    app: FastAPI, clients: dict[str, httpx.AsyncClient]
) -> None:
    author, editor = clients["author"], clients["editor"]
    written = await author.post("/articles", json={"title": "Mine", "tags": ["First", "Second"], "status": "published"})
    slug = written.json()["slug"]
    comment = await author.post(f"/articles/{slug}/comments", json={"body_markdown": "Well"})
    ids = {name: (await clients[name].get("/users/me")).json()["id"] for name in ("author", "editor")}
    names = {"article": slug, "comment": comment.json()["id"], **ids}
    assert await recorded(app) == []

    for step in STEPS.strip().splitlines():
        method, path, who, action = step.split()
        count = len(await recorded(app))
        response = await clients[who].request(method, path.format_map(names), json=BODIES.get(f"{method} {path}"))
        assert response.status_code < 300, (step, response.text)
        assert action in {event.action for event in (await recorded(app))[count:]}, step

    for event in await recorded(app):
        shown = json.dumps(event.details).lower()
        assert not [word for word in PERSONAL if word in shown], (event.action, shown)
    assert (await editor.get("/users/me")).status_code == 401


async def test_logins_are_recorded_whether_or_not_they_succeed(users: Users, app: FastAPI) -> None:
    anna = await with_password(users, username="anna")
    client = await users.client()

    for login, password in (("anna", PASSWORD), ("anna", NEW_PASSWORD), ("nobody", PASSWORD)):
        await log_in(client, login, password)

    events = await recorded(app)
    assert [(event.action, event.subject_id) for event in events] == [
        ("login.succeeded", anna.id),
        ("login.failed", anna.id),
        ("login.failed", None),
    ]
    assert all(event.ip_address.startswith("10.") for event in events)
    assert "nobody" not in json.dumps([event.details for event in events])


async def test_what_authors_do_with_what_they_wrote_is_nobodys_business(
    app: FastAPI, clients: dict[str, httpx.AsyncClient]
) -> None:
    author = clients["author"]
    await author.post("/articles", json={"title": "Mine"})

    await author.patch("/articles/mine", json={"title": "Still mine"})
    await author.put("/articles/mine/publication")
    await author.delete("/articles/mine/publication")

    assert await recorded(app) == []


def calls_of_record() -> Iterator[ast.Call]:
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("udit.record"):
                yield node


@pytest.mark.parametrize("name", ["login", "Login.failed", "login.failed.twice", "login.", f"login.{'x' * 60}"])
def test_actions_are_called_by_a_noun_and_a_verb(name: str) -> None:
    with pytest.raises(ValueError, match="a noun and a verb"):
        action(name, "Something happened.")


def test_no_two_actions_have_the_same_name() -> None:
    with pytest.raises(ValueError, match=r"login\.failed is declared twice"):
        action("login.failed", "Something else.")


@pytest.mark.parametrize("undeclared", ["login.failed", Action("login.failed", "Made by hand."), Action("a.b", "")])
@pytest.mark.one_database
async def test_what_was_not_declared_is_not_recorded(session: AsyncSession, undeclared: Any) -> None:
    log = AuditLog(session, Client(ip_address="", user_agent=""))

    with pytest.raises(ValueError, match=r"audit_actions\.py of its domain"):
        log.record(undeclared)

    assert not session.new


def test_every_declared_action_is_recorded_somewhere() -> None:
    sources = [path.read_text(encoding="utf-8") for folder in (APP, COMMANDS) for path in folder.rglob("*.py")]
    names = {
        target.id
        for path in APP.glob("*/audit_actions.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert len(names) == len(declared_actions())
    assert [name for name in names if sum(len(re.findall(rf"\b{name}\b", text)) for text in sources) < 2] == []


def test_the_documentation_lists_every_action() -> None:
    text = (APP.parent / "docs/audit-log.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+\.\w+)` \| (.+) \|$", text, re.MULTILINE)

    assert sorted(listed) == [(each.name, each.meaning) for each in declared_actions()]


def test_no_detail_is_named_like_a_secret_or_like_somebody() -> None:
    details = {keyword.arg for call in calls_of_record() for keyword in call.keywords}

    assert details & {"password", "token", "secret", "code", "email", "username", "login", "name", "address"} == set()
