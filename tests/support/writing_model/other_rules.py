"""What is done beside the texts of articles: comments, tags and categories."""

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from app.core import clock
from tests.support.writing_model.blog import (
    PEOPLE,
    Category,
)
from tests.support.writing_model.choices import (
    apps,
    conditions,
    editors,
    some_articles,
    some_categories,
    some_comments,
    some_tags,
    which,
    writers,
)
from tests.support.writing_model.machine import Machine


class OtherRules(Machine):
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

    @precondition(lambda machine: machine.stage.operation("delete", "/articles/{slug}/schedule"))
    @some_articles
    @rule(number=which, who=writers, app=apps, condition=conditions, is_withdrawn=st.booleans())
    def schedule(self, number: int, who: str, app: int, condition: str, is_withdrawn: bool) -> None:
        """Its time never comes here: what is scheduled is what nobody reads."""
        article = self._article(number)
        who = self._who(who, article)
        path = f"/articles/{article.row.slug}"
        if is_withdrawn:
            self._do(app, who, "DELETE", f"{path}/schedule", partial(self.writing.withdraw, who, article))
            return
        required = self._condition(condition, article, article.written.version)
        act = partial(self.writing.schedule, who, article, required)
        body = {"publish_at": (clock.now() + timedelta(days=30)).isoformat()}
        self._do(app, who, "PUT", f"{path}/publication", act, body=body, headers=required.headers(article))
