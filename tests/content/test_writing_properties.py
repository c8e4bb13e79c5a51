"""Whatever people do to articles, nobody reads what is not published for them, and nothing published vanishes."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.databases import Template
from tests.support.writing_model.blog import (
    ANNA,
    ANONYMOUS,
    BEN,
    EDITOR,
    PEOPLE,
    READER,
    Article,
    Blog,
    Category,
    Refused,
    Tag,
    Text,
)
from tests.support.writing_model.checks import Readers, leak
from tests.support.writing_model.filing import Filing
from tests.support.writing_model.stage import Stage, Theatre
from tests.support.writing_model.views import words_in
from tests.support.writing_model.writing import CREATED, Condition, Writing

MAX_ARTICLES = 6
# Of which the first is read by nobody.
EXAMPLES, STEPS = 3, 50
# Each has a hundred steps of its own.
SEEDS = [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 21))]

apps = st.sampled_from([0, 1])
which = st.integers(0, 20)
# Mostly those who may do it.
writers = st.sampled_from(["author"] * 6 + [EDITOR] * 3 + [BEN, ANNA, READER, ANONYMOUS])
editors = st.sampled_from([EDITOR] * 8 + [ANNA, ANONYMOUS])
conditions = st.sampled_from(["none", "none", "right", "right", "stale", "any", "other"])
NEW = "new"
fields = st.fixed_dictionaries(
    {},
    optional={
        "title": st.just(NEW),
        "body_markdown": st.just(NEW),
        "excerpt": st.sampled_from([NEW, None]),
        "cover_image_url": st.sampled_from([NEW, None]),
        "category": st.one_of(st.none(), which),
        "tags": st.lists(st.one_of(st.just(NEW), which), max_size=2),
        "kind": st.sampled_from(["article", "article", "article", "page"]),
        "visibility": st.sampled_from(["public", "public", "public", "unlisted", "members"]),
    },
)
slugs = st.sampled_from(["new", "new", "somebody's", "former"])
some_articles = precondition(lambda machine: bool(machine.blog.articles))
some_tags = precondition(lambda machine: bool(machine.blog.tags))
some_categories = precondition(lambda machine: bool(machine.blog.categories))
some_comments = precondition(lambda machine: any(article.comments for article in machine.blog.articles))


class BlogMachine(RuleBasedStateMachine):
    def __init__(self, theatre: Theatre) -> None:
        super().__init__()
        self.is_read = False
        self.blog = Blog()
        self.writing = Writing(self.blog)
        self.filing = Filing(self.blog)
        self.stage = Stage(theatre)
        self.readers = Readers(self.blog, self.stage)
        self.touched: Article | None = None

    def teardown(self) -> None:
        try:
            if self.is_read and not self.readers.has_failed:
                self.readers.at_the_end()
        finally:
            self.stage.close()

    # What is chosen

    def _article(self, number: int) -> Article:
        self.touched = self.blog.articles[number % len(self.blog.articles)]
        return self.touched

    def _who(self, who: str, article: Article) -> str:
        return article.author if who == "author" else who

    def _condition(self, choice: str, article: Article, version: int) -> Condition:
        other = article.version if version != article.version else article.written.version
        versions = {"right": version, "stale": version - 1 or 99, "other": other}
        return Condition(versions.get(choice), any=choice == "any")

    def _values(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """These fields of `Text`, with new words or what there is already."""
        word = self.blog.word
        values = dict(chosen)
        made = {
            "title": lambda: f"{word()} title",
            "body_markdown": lambda: f"About {word()}.",
            "excerpt": lambda: f"In short: {word()}.",
            "cover_image_url": lambda: f"https://example.com/{word()}.png",
        }
        for name, make in made.items():
            if values.get(name) == NEW:
                values[name] = make()
        if values.get("category") is not None:
            values["category"] = self._one(self.blog.categories, values["category"])
        if "tags" in values:
            tags = [NEW if each == NEW else self._one(self.blog.tags, each) for each in values["tags"]]
            values["tags"] = frozenset(each.name if isinstance(each, Tag) else word() for each in tags)
        return values

    def _slug(self, choice: str, article: Article | None, number: int) -> str:
        taken = [slug for each in self.blog.articles if each is not article for slug in sorted(each.slugs)]
        former = [slug for slug in self.blog.leads_to if slug not in taken]
        found = {"somebody's": taken, "former": former}.get(choice, [])
        return self._one(found, number) or self.blog.word()

    @staticmethod
    def _one(choices: list[Any], number: int) -> Any:
        return choices[number % len(choices)] if choices else None

    # What is done

    def _do(
        self,
        app: int,
        who: str,
        method: str,
        path: str,
        act: Callable[[], Any],
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Do it on the blog of the model and on the real one, which are to agree."""
        allowed = words_in(f"{path} {body}")
        try:
            done = act()
            statuses = (done,) if isinstance(done, int) else (CREATED,)
        except Refused as refused:
            statuses = refused.statuses
        response = self.stage.send(app, who, method, path, json=body, headers=headers or {})
        self.readers.written_at = time.monotonic()
        said = " ".join(f"{name}: {value}" for name, value in (headers or {}).items())
        self.readers.steps.append(f"{who} {method} {path} {body or ''} {said} on app {app}: {response.status_code}")
        if response.status_code not in statuses:
            self.readers.fail(f"is to be {statuses}: {response.text}")
        if response.is_error and (problem := leak(response, allowed)):
            self.readers.fail(problem)
        return response

    @staticmethod
    def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
        sent = dict(values)
        if isinstance(sent.get("category"), Category):
            sent["category"] = sent["category"].slug
        if "tags" in sent:
            sent["tags"] = sorted(sent["tags"])
        return sent

    # The simplest example, which is always the first, does one thing again and again: it is not worth reading.
    @initialize(is_read=st.sampled_from([False] + [True] * 30))
    def first(self, is_read: bool) -> None:
        self.is_read = is_read
        for name, parent in (("top", None), ("below", 0)):
            self.add_category(EDITOR, parent, 0)
            assert name
        for is_published in (True, False):
            chosen = {"body_markdown": NEW, "excerpt": NEW, "category": 1, "tags": [NEW]}
            self.create(ANNA, 0, is_published, chosen, None, retries=False)

    @precondition(lambda machine: len(machine.blog.articles) < MAX_ARTICLES)
    @rule(
        who=st.sampled_from([ANNA, ANNA, BEN, EDITOR, READER, ANONYMOUS]),
        app=apps,
        is_published=st.booleans(),
        chosen=fields,
        slug=st.one_of(st.none(), slugs),
        retries=st.booleans(),
    )
    def create(
        self, who: str, app: int, is_published: bool, chosen: Mapping[str, Any], slug: str | None, retries: bool
    ) -> None:
        title = self.blog.word()
        values = {**self._values(chosen), "title": title}
        values["slug"] = self._slug(slug, None, 0) if slug else title
        text = Text(**values)
        body = {**self._sent(values), "status": "published" if is_published else "draft"}
        if slug is None:
            del body["slug"]
        create = partial(self.writing.create, who, text, is_published=is_published)
        number = len(self.blog.articles)
        headers = {"Idempotency-Key": title} if retries else None
        response = self._do(app, who, "POST", "/articles", create, body=body, headers=headers)
        if len(self.blog.articles) == number:
            return
        self.touched = self.blog.articles[-1]
        self.touched.id = response.json()["id"]
        if retries:
            again = self._do(1 - app, who, "POST", "/articles", lambda: None, body=body, headers=headers)
            assert (again.json(), again.headers["ETag"]) == (response.json(), response.headers["ETag"])

    @some_articles
    @rule(
        number=which,
        who=writers,
        app=apps,
        chosen=fields,
        slug=st.one_of(st.none(), st.none(), slugs),
        fate=st.sampled_from(["", "keep", "discard"]),
        condition=conditions,
    )
    def update(
        self,
        number: int,
        who: str,
        app: int,
        chosen: Mapping[str, Any],
        slug: str | None,
        fate: str,
        condition: str,
    ) -> None:
        article = self._article(number)
        who = self._who(who, article)
        values = self._values(chosen) | ({"slug": self._slug(slug, article, number)} if slug else {})
        required = self._condition(condition, article, article.version)
        path = f"/articles/{article.row.slug}" + (f"?draft={fate}" if fate else "")
        act = partial(self.writing.update, who, article, required, values, fate)
        self._do(app, who, "PATCH", path, act, body=self._sent(values), headers=required.headers(article))

    @some_articles
    @rule(
        number=which,
        who=writers,
        app=apps,
        chosen=fields,
        slug=st.one_of(st.none(), st.none(), slugs),
        condition=conditions,
        is_whole=st.booleans(),
        is_autosave=st.booleans(),
    )
    def save_draft(
        self,
        number: int,
        who: str,
        app: int,
        chosen: Mapping[str, Any],
        slug: str | None,
        condition: str,
        is_whole: bool,
        is_autosave: bool,
    ) -> None:
        article = self._article(number)
        who = self._who(who, article)
        required = self._condition(condition, article, article.written.version)
        values = self._values(chosen) | ({"slug": self._slug(slug, article, number)} if slug else {})
        if is_whole:
            kept = article.written.text.slug
            values = vars(Text(**{"title": article.written.text.title, "slug": kept, **values}))
        self._save(article, who, app, required, values, "PUT" if is_whole else "PATCH", is_autosave=is_autosave)

    def _save(
        self,
        article: Article,
        who: str,
        app: int,
        required: Condition,
        values: Mapping[str, Any],
        method: str,
        *,
        is_autosave: bool,
    ) -> None:
        def act() -> int:
            if method == "PUT" and not required.is_given and who != ANONYMOUS:
                # Which of both is wrong is said in whatever order.
                try:
                    self.writing.require_editable(who, article)
                except Refused as refused:
                    raise Refused(428, *refused.statuses) from None
                raise Refused(428)
            return self.writing.save_draft(who, article, required, values, is_autosave=is_autosave)

        path = f"/articles/{article.row.slug}/draft" + ("?autosave=true" if is_autosave else "")
        self._do(app, who, method, path, act, body=self._sent(values), headers=required.headers(article))

    @some_articles
    @rule(number=which, who=writers, app=apps, method=st.sampled_from(["PUT", "PATCH", "live"]))
    def save_the_same(self, number: int, who: str, app: int, method: str) -> None:
        article = self._article(number)
        who = self._who(who, article)
        if method == "live":
            values = vars(article.text)
            path = f"/articles/{article.row.slug}?draft=keep"
            act = partial(self.writing.update, who, article, Condition(), values, "keep")
            self._do(app, who, "PATCH", path, act, body=self._sent(values))
            return
        required = Condition(article.written.version)
        self._save(article, who, app, required, vars(article.written.text), method, is_autosave=False)

    @some_articles
    @rule(number=which, who=writers, app=apps, condition=conditions)
    def discard_draft(self, number: int, who: str, app: int, condition: str) -> None:
        article = self._article(number)
        who = self._who(who, article)
        required = self._condition(condition, article, article.written.version)
        act = partial(self.writing.discard_draft, who, article, required)
        path = f"/articles/{article.row.slug}/draft"
        self._do(app, who, "DELETE", path, act, headers=required.headers(article))

    @some_articles
    @rule(
        number=which,
        who=writers,
        app=apps,
        condition=conditions,
        day=st.one_of(st.none(), st.integers(1, 28)),
    )
    def publish(self, number: int, who: str, app: int, condition: str, day: int | None) -> None:
        article = self._article(number)
        who = self._who(who, article)
        required = self._condition(condition, article, article.written.version)
        at = f"2020-01-{day:02}T00:00:00Z" if day else None
        act = partial(self.writing.publish, who, article, required, at)
        path = f"/articles/{article.row.slug}/publication"
        body = {"published_at": at} if at else None
        self._do(app, who, "PUT", path, act, body=body, headers=required.headers(article))

    @some_articles
    @rule(
        number=which,
        who=writers,
        app=apps,
        condition=conditions,
        what=st.sampled_from(["publication", "publication", "", "restoration", "restoration"]),
    )
    def take_away_or_give_back(self, number: int, who: str, app: int, condition: str, what: str) -> None:
        article = self._article(number)
        who = self._who(who, article)
        required = self._condition(condition, article, article.version)
        act = {
            "publication": self.writing.unpublish,
            "": self.writing.delete,
            "restoration": self.writing.restore,
        }[what]
        path = f"/articles/{article.row.slug}/{what}".removesuffix("/")
        method = "PUT" if what == "restoration" else "DELETE"
        self._do(app, who, method, path, partial(act, who, article, required), headers=required.headers(article))

    @precondition(lambda machine: any(article.is_deleted for article in machine.blog.articles))
    @rule(number=which, app=apps)
    def restore(self, number: int, app: int) -> None:
        deleted = [article for article in self.blog.articles if article.is_deleted]
        self.touched = article = self._one(deleted, number)
        act = partial(self.writing.restore, EDITOR, article, Condition())
        self._do(app, EDITOR, "PUT", f"/articles/{article.row.slug}/restoration", act)

    @some_articles
    @rule(number=which, who=writers, app=apps, condition=conditions, revision=which)
    def restore_revision(self, number: int, who: str, app: int, condition: str, revision: int) -> None:
        article = self._article(number)
        who = self._who(who, article)
        wanted = revision % (article.latest + 1) + 1
        required = self._condition(condition, article, article.written.version)
        act = partial(self.writing.restore_revision, who, article, required, wanted)
        path = f"/articles/{article.row.slug}/revisions/{wanted}/restoration"
        self._do(app, who, "PUT", path, act, headers=required.headers(article))

    @some_articles
    @rule(number=which, who=writers, app=apps, revision=which, is_named=st.booleans())
    def name_revision(self, number: int, who: str, app: int, revision: int, is_named: bool) -> None:
        article = self._article(number)
        who = self._who(who, article)
        wanted = revision % article.latest + 1
        if article.revisions[wanted].is_superseded:
            return
        name = self.blog.word() if is_named else None
        act = partial(self.writing.name_revision, who, article, wanted, name)
        path = f"/articles/{article.row.slug}/revisions/{wanted}"
        self._do(app, who, "PATCH", path, act, body={"name": name})

    @some_articles
    @rule(number=which, who=st.sampled_from(PEOPLE), app=apps, retries=st.booleans())
    def comment(self, number: int, who: str, app: int, retries: bool) -> None:
        article = self._article(number)
        body = self.blog.word()
        before = len(article.comments)
        path = f"/articles/{article.row.slug}/comments"
        headers = {"Idempotency-Key": body} if retries else None
        sent = {"body_markdown": body}
        response = self._do(
            app, who, "POST", path, partial(self.writing.comment, who, article, body), body=sent, headers=headers
        )
        if len(article.comments) == before:
            return
        article.comments[-1].id = response.json()["id"]
        if retries:
            again = self._do(1 - app, who, "POST", path, lambda: None, body=sent, headers=headers)
            assert again.json() == response.json()

    @some_comments
    @rule(
        number=which,
        who=st.sampled_from(["its author", "its author", "author", *PEOPLE]),
        app=apps,
        what=st.sampled_from(["edit", "delete", "restore"]),
    )
    def change_comment(self, number: int, who: str, app: int, what: str) -> None:
        written = [(article, comment) for article in self.blog.articles for comment in article.comments]
        article, comment = self.touched, _ = self._one(written, number)
        who = comment.author if who == "its author" else self._who(who, article)
        path = f"/comments/{comment.id}"
        if what == "restore":
            act = partial(self.writing.restore_comment, who, article, comment)
            self._do(app, who, "PUT", f"{path}/restoration", act)
            return
        body = self.blog.word() if what == "edit" else None
        act = partial(self.writing.change_comment, who, article, comment, body)
        self._do(app, who, "PATCH" if body else "DELETE", path, act, body={"body_markdown": body} if body else None)

    @precondition(lambda machine: len(machine.blog.categories) < 4)
    @rule(who=editors, parent=st.one_of(st.none(), which), app=apps)
    def add_category(self, who: str, parent: int | None, app: int) -> None:
        above = None if parent is None else self._one(self.blog.categories, parent)
        category = Category(self.blog.word(), self.blog.word(), self.blog.word(), above)
        sent = {"slug": category.slug, "name": category.name, "description": category.description}
        body = {**sent, "parent": above.slug if above else None}
        self._do(app, who, "POST", "/categories", partial(self.filing.add_category, who, category), body=body)

    @some_categories
    @rule(
        number=which,
        who=editors,
        app=apps,
        what=st.sampled_from(["rename", "move", "delete"]),
        parent=st.one_of(st.none(), which),
    )
    def change_category(self, number: int, who: str, app: int, what: str, parent: int | None) -> None:
        category = self._one(self.blog.categories, number)
        path = f"/categories/{category.slug}"
        if what == "delete":
            self._do(app, who, "DELETE", path, partial(self.filing.delete_category, who, category))
            return
        if what == "move":
            above = None if parent is None else self._one(self.blog.categories, parent)
            body: dict[str, Any] = {"parent": above.slug if above else None}
            act = partial(self.filing.move_category, who, category, above)
        else:
            body = {"slug": self.blog.word(), "name": self.blog.word(), "description": self.blog.word()}
            act = partial(self.filing.change_category, who, category, body)
        self._do(app, who, "PATCH", path, act, body=body)

    @some_tags
    @rule(
        number=which,
        other=which,
        who=editors,
        app=apps,
        what=st.sampled_from(["rename", "rename", "merge", "delete"]),
    )
    def change_tag(self, number: int, other: int, who: str, app: int, what: str) -> None:
        tag, merged = self._one(self.blog.tags, number), self._one(self.blog.tags, other)
        path = f"/tags/{tag.slug}"
        if what == "rename":
            name = self.blog.word()
            self._do(app, who, "PATCH", path, partial(self.filing.rename_tag, who, tag, name), body={"name": name})
        elif what == "delete":
            self._do(app, who, "DELETE", path, partial(self.filing.delete_tag, who, tag))
        elif merged is not tag:
            act = partial(self.filing.merge_tags, who, tag, [merged])
            self._do(app, who, "POST", f"{path}/merges", act, body={"tags": [merged.slug]})

    @precondition(lambda machine: machine.is_read)
    @invariant()
    def everybody_sees_what_they_are_to_see(self) -> None:
        self.readers.after_step(self.touched)


@pytest.fixture
def theatre(template: Template, tmp_path: Path) -> Iterator[Theatre]:
    with Theatre(template, tmp_path) as theatre:
        yield theatre


# Without which no fixture may be asynchronous.
@pytest.mark.usefixtures("anyio_backend")
@pytest.mark.parametrize("number", SEEDS)
def test_readers_see_what_is_published_for_them(theatre: Theatre, number: int) -> None:
    """The one place where everything that can be done to articles is done in any order."""
    trying = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        # It would take minutes to make a failing example shorter; what has been done is in the message.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def machine() -> BlogMachine:
        return BlogMachine(theatre)

    run_state_machine_as_test(seed(number)(machine), settings=trying)
