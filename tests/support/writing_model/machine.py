"""Does the same on the blog of the model and on the real one."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
)

from tests.support.writing_model.blog import (
    Article,
    Blog,
    Category,
    Refused,
    Tag,
)
from tests.support.writing_model.checks import Readers, leak
from tests.support.writing_model.choices import (
    NEW,
)
from tests.support.writing_model.filing import Filing
from tests.support.writing_model.stage import Stage, Theatre
from tests.support.writing_model.views import words_in
from tests.support.writing_model.writing import CREATED, Condition, Writing


class Machine(RuleBasedStateMachine):
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
        made: dict[str, Callable[[], str]] = {
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
            statuses: tuple[int, ...] = (done,) if isinstance(done, int) else (CREATED,)
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

    @precondition(lambda machine: machine.is_read)
    @invariant()
    def everybody_sees_what_they_are_to_see(self) -> None:
        self.readers.after_step(self.touched)
