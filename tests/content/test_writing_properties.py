"""Whatever people do to articles, nobody reads what is not published for them, and nothing published vanishes."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
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
    READER,
    Article,
    Refused,
    Text,
)
from tests.support.writing_model.choices import NEW, apps, conditions, fields, slugs, some_articles, which, writers
from tests.support.writing_model.other_rules import OtherRules
from tests.support.writing_model.stage import Theatre
from tests.support.writing_model.writing import Condition

MAX_ARTICLES = 6
# Of which the first is read by nobody.
EXAMPLES, STEPS = 3, 50
# Each has a hundred steps of its own.
SEEDS = [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 21))]


class BlogMachine(OtherRules):
    # The simplest example, which is always the first, does one thing again and again: it is not worth reading.
    @initialize(is_read=st.sampled_from([False] + [True] * 30))
    def first(self, is_read: bool) -> None:
        self.is_read = is_read
        for parent in (None, 0):
            self.add_category(EDITOR, parent, 0)
        for is_published in (True, False):
            chosen = {"body_markdown": NEW, "excerpt": NEW, "category": 1, "tags": [NEW]}
            self.create(ANNA, 0, is_published, chosen, None, retries=False)
            self.comment(0, READER, 0, retries=False)

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

    # Typed as a class, though whatever makes a machine will do.
    run_state_machine_as_test(cast("type[BlogMachine]", seed(number)(machine)), settings=trying)
