"""Who may do what: the whole table, and a check that no route was forgotten."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.accounts.models import User
from app.comments.models import Comment
from app.content.markup import render_article
from app.content.models import (
    Article,
    ArticleCopy,
    Category,
    Purpose,
    Reason,
    Redirect,
    RedirectMatch,
    Revision,
    RevisionText,
    Schedule,
    Tag,
)
from app.content.text_deltas import compressed
from app.core.roles import Role
from app.db.base import Base
from tests.support.users import Users

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("public", "draft", "deleted", "working", "later")


@dataclass
class Blog:
    """A small blog of its own: everything in it is one author's, but for a comment and another that was deleted."""

    owner: User
    commenter: User
    # What stands for it in an address, by what it is called in the table.
    names: dict[str, object]

    def named(self, value: Any) -> Any:
        """The same with the names of what is in this blog."""
        if isinstance(value, dict):
            return {key: self.named(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.named(item) for item in value]
        return value.format_map(self.names) if isinstance(value, str) else value

    async def client(self, users: Users, who: str) -> httpx.AsyncClient:
        match who:
            case "anonymous":
                return await users.client()
            case "unverified":
                return await users.client(Role.ADMIN, is_verified=False)
            case "commenter":
                return await users.client_for(self.commenter)
            case "other":
                return await users.client(Role.AUTHOR)
            case "owner":
                return await users.client_for(self.owner)
        return await users.client(Role(who))


async def blog_of(users: Users, **attributes: object) -> Blog:
    """A new one, in which the owner and the commenter have these attributes."""
    owner = await users.user(Role.AUTHOR, **attributes)
    commenter = await users.user(Role.READER, **attributes)
    number = owner.id
    async with users.app.state.database.writing() as session:
        articles = [Article(title=kind, slug=f"{kind}-{number}", author_id=owner.id, tags=[]) for kind in KINDS]
        for article in articles:
            article.write("Text", render_article("Text"))
        articles[0].publish(NOW)
        articles[2].publish(NOW)
        articles[3].publish(NOW)
        articles[2].deleted_at = NOW
        tags = [Tag(slug=f"{kind}-{number}", name=f"{kind} {number}") for kind in ("tag", "more")]
        category = Category(slug=f"category-{number}", name="Category")
        redirect = Redirect(source=f"/old-{number}", match=RedirectMatch.EXACT, target="/new", status=308)
        session.add_all([*articles, *tags, category, redirect])
        await session.flush()
        session.add_all(_copy_beside(articles[3]))
        session.add(Schedule(article_id=articles[4].id, unpublish_at=datetime(2999, 1, 1, tzinfo=UTC), by_id=owner.id))
        comments = [Comment(article_id=articles[0].id, author_id=commenter.id) for _ in range(2)]
        for comment in comments:
            comment.write("Text", "<p>Text</p>")
        comments[1].deleted_at = NOW
        session.add_all(comments)
        await session.flush()
        for comment in comments:
            comment.place_below(None)
        await session.commit()
    names = {kind: f"{kind}-{number}" for kind in (*KINDS, "tag", "more", "category")}
    ids = {
        "comment": comments[0].id,
        "gone": comments[1].id,
        "redirect": redirect.id,
        "user": commenter.id,
        "owner": owner.username,
    }
    return Blog(owner, commenter, {**names, **ids})


def _copy_beside(article: Article) -> Iterator[Base]:
    """A working copy, with its revision."""
    text = article.snapshot
    copy = ArticleCopy(article_id=article.id, purpose=Purpose.DRAFT, version=2)
    copy.write(text, article.rendered)
    article.latest_revision = 2
    revision = Revision(article_id=article.id, number=2, created_at=NOW, began_at=NOW, reason=Reason.EDIT, fields=[])
    revision.was_published, revision.tags = False, []
    text.write_to(revision)
    revision.text = RevisionText(article_id=article.id, data=compressed(text.body_markdown))
    yield from (copy, revision)


# The answers that somebody gets, by what they do and who they are. `unverified` is an admin whose address is not
# confirmed, so that `admin` is the last one; `commenter` is a reader who wrote the comment, `owner` the author of the
# articles, `other` another author.
TABLE = """
                                                         anonymous unverified reader commenter other owner editor admin
list articles      GET    /articles                            200        200    200       200   200   200    200   200
list drafts        GET    /articles?status=draft               401        200    200       200   200   200    200   200
list deleted ones  GET    /articles?status=deleted             401        403    403       403   403   403    200   200
list scheduled     GET    /articles?status=scheduled           401        200    200       200   200   200    200   200
read a schedule    GET    /articles/{later}/schedule           401        404    404       404   404   200    200   200
read another       GET    /articles/{public}/schedule          401        403    403       403   403   404    404   404
withdraw it        DELETE /articles/{later}/schedule           401        404    404       404   404   204    204   204
withdraw another   DELETE /articles/{public}/schedule          401        403    403       403   403   404    404   404
read a public one  GET    /articles/{public}                   200        200    200       200   200   200    200   200
read a draft       GET    /articles/{draft}                    404        404    404       404   404   200    200   200
read a deleted one GET    /articles/{deleted}                  404        404    404       404   404   404    404   404
write an article   POST   /articles                            401        403    403       403   201   201    201   201
change an article  PATCH  /articles/{public}                   401        403    403       403   403   200    200   200
change a draft     PATCH  /articles/{draft}                    401        404    404       404   404   200    200   200
edit a deleted one PATCH  /articles/{deleted}                  401        404    404       404   404   404    404   404
publish            PUT    /articles/{draft}/publication        401        404    404       404   404   200    200   200
publish again      PUT    /articles/{public}/publication       401        403    403       403   403   200    200   200
unpublish          DELETE /articles/{public}/publication       401        403    403       403   403   204    204   204
delete an article  DELETE /articles/{public}                   401        403    403       403   403   204    204   204
delete a draft     DELETE /articles/{draft}                    401        404    404       404   404   204    204   204
delete it again    DELETE /articles/{deleted}                  401        404    404       404   404   404    404   404
restore an article PUT    /articles/{deleted}/restoration      401        403    403       403   403   403    200   200
read a copy        GET    /articles/{working}/draft            401        403    403       403   403   200    200   200
save a copy        PATCH  /articles/{working}/draft            401        403    403       403   403   200    200   200
replace a copy     PUT    /articles/{working}/draft            401        403    403       403   403   428    428   428
merge with a copy  POST   /articles/{working}/draft/merges     401        403    403       403   403   200    200   200
discard a copy     DELETE /articles/{working}/draft            401        403    403       403   403   204    204   204
begin a copy       PATCH  /articles/{public}/draft             401        403    403       403   403   200    200   200
read as a draft    GET    /articles/{draft}/draft              401        404    404       404   404   200    200   200
save a draft       PATCH  /articles/{draft}/draft              401        404    404       404   404   200    200   200
merge with a draft POST   /articles/{draft}/draft/merges       401        404    404       404   404   200    200   200
read deleted draft GET    /articles/{deleted}/draft            401        404    404       404   404   404    404   404
read a history     GET    /articles/{public}/revisions         401        403    403       403   403   200    200   200
read a draft's     GET    /articles/{draft}/revisions          401        404    404       404   404   200    200   200
read a deleted's   GET    /articles/{deleted}/revisions        401        404    404       404   404   404   200    200
read a revision    GET    /articles/{working}/revisions/2      401        403    403       403   403   200    200   200
compare revisions  GET    /articles/{working}/revisions/2/diff/2 401      403    403       403   403   200    200   200
name a revision    PATCH  /articles/{working}/revisions/2      401        403    403       403   403   200    200   200
restore a revision PUT    /articles/{working}/revisions/2/restoration 401 403    403       403   403   200    200   200
list comments      GET    /articles/{public}/comments          200        200    200       200   200   200    200   200
list a draft's     GET    /articles/{draft}/comments           404        404    404       404   404   200    200   200
comment            POST   /articles/{public}/comments          401        403    201       201   201   201    201   201
comment on a draft POST   /articles/{draft}/comments           401        403    404       404   404   201    201   201
comment on nothing POST   /articles/{deleted}/comments         401        403    404       404   404   404    404   404
read a comment     GET    /comments/{comment}                  200        200    200       200   200   200    200   200
read a deleted one GET    /comments/{gone}                     404        404    404       404   404   404    404   404
change a comment   PATCH  /comments/{comment}                  401        403    403       200   403   403    403   403
delete a comment   DELETE /comments/{comment}                  401        403    403       204   403   204    204   204
restore a comment  PUT    /comments/{gone}/restoration         401        403    403       403   403   403    200   200
moderate comments  GET    /comments                            401        403    403       403   403   403    200   200
list tags          GET    /tags                                200        200    200       200   200   200    200   200
read unused tag    GET    /tags/{tag}                          404        404    404       404   404   404    200   200
rename a tag       PATCH  /tags/{tag}                          401        403    403       403   403   403    200   200
merge tags         POST   /tags/{tag}/merges                   401        403    403       403   403   403    200   200
delete a tag       DELETE /tags/{tag}                          401        403    403       403   403   403    204   204
list categories    GET    /categories                          200        200    200       200   200   200    200   200
read a category    GET    /categories/{category}               200        200    200       200   200   200    200   200
add a category     POST   /categories                          401        403    403       403   403   403    201   201
change a category  PATCH  /categories/{category}               401        403    403       403   403   403    200   200
delete a category  DELETE /categories/{category}               401        403    403       403   403   403    204   204
list redirects     GET    /redirects                          401        403    403       403   403   403    200   200
read a redirect    GET    /redirects/{redirect}               401        403    403       403   403   403    200   200
export redirects   GET    /redirects.csv                      401        403    403       403   403   403    200   200
add a redirect     POST   /redirects                          401        403    403       403   403   403    201   201
change a redirect  PATCH  /redirects/{redirect}               401        403    403       403   403   403    200   200
delete a redirect  DELETE /redirects/{redirect}               401        403    403       403   403   403    204   204
list authors       GET    /authors                             200        200    200       200   200   200    200   200
read an author     GET    /authors/{owner}                     200        200    200       200   200   200    200   200
read oneself       GET    /users/me                            401        200    200       200   200   200    200   200
read one's factors GET    /users/me/second-factors             401        200    200       200   200   200    200   200
change oneself     PATCH  /users/me                            401        200    200       200   200   200    200   200
export one's data  GET    /users/me/export                     401        200    200       200   200   200    200   200
leave              DELETE /users/me                            401        202    202       202   202   202    202   409
list my providers  GET    /users/me/providers                  401        200    200       200   200   200    200   200
list accounts      GET    /users                               401        403    403       403   403   403    403   200
read the audit log GET    /audit-events                        401        403    403       403   403   403    403   200
read an account    GET    /users/{user}                        401        403    403       403   403   403    403   200
change an account  PATCH  /users/{user}                        401        403    403       403   403   403    403   200
list invitations   GET    /invitations                         401        403    403       403   403   403    200   200
invite an author   POST   /invitations                         401        403    403       403   403   403    201   201
delete an account  DELETE /users/{user}                        401        403    403       403   403   403    403   204
"""

BODIES: dict[str, object] = {
    "POST /articles": {"title": "Hello", "tags": ["Tag"]},
    "POST /tags/{tag}/merges": {"tags": ["{more}"]},
    "PUT /articles/{working}/draft": {"title": "New"},
    "PATCH /articles/{working}/revisions/2": {"name": "New"},
    "POST /articles/{working}/draft/merges": {"title": "New", "base_version": 2},
    "POST /articles/{draft}/draft/merges": {"title": "New", "base_version": 1},
    **{f"PATCH /articles/{{{kind}}}/draft": {"title": "New"} for kind in ("public", "draft", "working")},
    "PATCH /tags/{tag}": {"name": "Renamed {tag}"},
    "POST /categories": {"name": "Another {category}"},
    "PATCH /categories/{category}": {"name": "Renamed"},
    "POST /redirects": {"source": "/new-{tag}", "target": "/elsewhere"},
    "PATCH /redirects/{redirect}": {"target": "/elsewhere"},
    "PATCH /users/me": {"bio": "New"},
    "POST /invitations": {"role": "author"},
    "DELETE /users/me": {"articles": "remove"},
    "PATCH /users/{user}": {"bio": "New"},
    "PATCH /comments/{comment}": {"body_markdown": "Well"},
    **{f"PATCH /articles/{{{kind}}}": {"title": "New"} for kind in ("public", "draft", "deleted")},
    **{f"POST /articles/{{{kind}}}/comments": {"body_markdown": "Well"} for kind in ("public", "draft", "deleted")},
}


def rows() -> list[tuple[str, str, dict[str, int]]]:
    """What is done, the request for it, and the statuses by who asks."""
    head, *lines = TABLE.strip().splitlines()
    actors = head.split()
    parsed = []
    for line in lines:
        *what, method, path = line.split()[: -len(actors)]
        statuses = [int(word) for word in line.split()[-len(actors) :]]
        parsed.append((" ".join(what), f"{method} {path}", dict(zip(actors, statuses, strict=True))))
    return parsed


async def ask(client: httpx.AsyncClient, blog: Blog, action: str) -> int:
    """Do it; the status of the answer."""
    method, path = action.split()
    response = await client.request(method, blog.named(path), json=blog.named(BODIES.get(action)))
    return response.status_code


READING = {action: expected for _, action, expected in rows() if action.startswith("GET")}
CHANGING = [(what, action, expected) for what, action, expected in rows() if not action.startswith("GET")]


async def test_everybody_may_read_what_the_table_says(users: Users) -> None:
    blog = await blog_of(users)
    clients = {who: await blog.client(users, who) for who in next(iter(READING.values()))}

    statuses = {action: {who: await ask(client, blog, action) for who, client in clients.items()} for action in READING}

    assert statuses == READING


@pytest.mark.parametrize(
    ("action", "expected"), [pytest.param(action, expected, id=what) for what, action, expected in CHANGING]
)
async def test_everybody_may_do_what_the_table_says(users: Users, action: str, expected: dict[str, int]) -> None:
    statuses = {}
    blog = await blog_of(users)
    for who in expected:
        statuses[who] = await ask(await blog.client(users, who), blog, action)
        if statuses[who] < 300:
            blog = await blog_of(users)

    assert statuses == expected


WRITING = ["PATCH /articles/{public}", "DELETE /articles/{draft}", "PUT /articles/{draft}/publication"]


@pytest.mark.parametrize("action", [*WRITING, "POST /articles", "POST /articles/{public}/comments"])
async def test_authors_write_nothing_before_their_address_is_confirmed(users: Users, action: str) -> None:
    blog = await blog_of(users, is_verified=False)

    assert await ask(await blog.client(users, "owner"), blog, action) == 403


@pytest.mark.parametrize("action", ["PATCH /comments/{comment}", "DELETE /comments/{comment}"])
async def test_a_comment_stays_as_it_is_before_its_authors_address_is_confirmed(users: Users, action: str) -> None:
    blog = await blog_of(users, is_verified=False)

    assert await ask(await blog.client(users, "commenter"), blog, action) == 403


@pytest.mark.parametrize("action", [*WRITING, "DELETE /comments/{comment}"])
async def test_whoever_is_no_author_any_more_has_no_say_in_what_they_wrote(users: Users, action: str) -> None:
    blog = await blog_of(users)
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{blog.owner.id}", json={"role": "reader"})
    async with users.app.state.database.reading() as session:
        demoted = await session.get_one(User, blog.owner.id)
    owner = await users.client_for(demoted)

    assert await ask(owner, blog, action) == 403


# What anonymous clients may ask for. A route that is new belongs here or answers them with 401.
PUBLIC = {
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/oauth2-redirect",
    "GET /redoc",
    "GET /health/live",
    "GET /health/ready",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/login/second-factor",
    "POST /api/v1/auth/login/passkey-options",
    "POST /api/v1/auth/login/passkey",
    "POST /api/v1/auth/request-verify-token",
    "POST /api/v1/auth/verify",
    "POST /api/v1/auth/forgot-password",
    "POST /api/v1/auth/reset-password",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/undo-email-change",
    "GET /api/v1/articles",
    "GET /api/v1/articles/{slug}",
    "GET /api/v1/articles/{slug}/comments",
    "GET /api/v1/authors",
    "GET /api/v1/comments/{comment_id}",
    "GET /api/v1/authors/{username}",
    "GET /api/v1/resolve",
    "GET /api/v1/tags",
    "GET /api/v1/tags/{slug}",
    "GET /api/v1/categories",
    "GET /api/v1/categories/{slug}",
    "GET /api/v1/auth/providers",
    "POST /api/v1/auth/providers/{provider}/authorizations",
    "POST /api/v1/auth/providers/{provider}/sign-ins",
}
# What a route has to be sent before it looks at who asks.
NEEDED = {
    "POST /api/v1/articles": {"title": "Hello"},
    "POST /api/v1/articles/{slug}/comments": {"body_markdown": "Well"},
    "POST /api/v1/articles/{slug}/draft/merges": {"title": "Hello", "base_version": 1},
    "PATCH /api/v1/comments/{comment_id}": {"body_markdown": "Well"},
    "POST /api/v1/categories": {"name": "Category"},
    "PATCH /api/v1/tags/{slug}": {"name": "Tag"},
    "POST /api/v1/tags/{slug}/merges": {"tags": ["more"]},
    "POST /api/v1/auth/personal-tokens": {"name": "Backup", "scopes": ["read"]},
    "POST /api/v1/users/me/providers/{provider}": {"flow_token": "x", "code": "x", "state": "x"},
}


def routes_of(app: FastAPI) -> set[str]:
    return {
        f"{method} {route.path_format}"
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or {"ANY"}) - {"HEAD"}
    }


async def test_every_route_is_public_or_asks_who_is_there(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    private = routes_of(app) - PUBLIC
    responses = {}
    for route in sorted(private):
        method, path = route.split()
        url = f"http://blog.example.com{path.format_map(defaultdict(lambda: 1, slug='slug'))}"
        response = await anonymous.request(method, url, json=NEEDED.get(route, {}))
        responses[route] = (response.status_code, response.headers.get("WWW-Authenticate"))

    assert responses == dict.fromkeys(private, (401, "Bearer"))


async def test_the_list_of_public_routes_names_only_routes(app: FastAPI) -> None:
    assert routes_of(app) >= PUBLIC
    assert routes_of(app) >= NEEDED.keys()


async def test_the_schema_says_of_every_route_whether_anonymous_clients_may_ask(app: FastAPI) -> None:
    asking_for_login = {
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if "security" in operation and {} not in operation["security"]
    }

    assert asking_for_login == routes_of(app) - PUBLIC
