"""What editors do to tags and categories; it concerns whatever is filed under them."""

from collections.abc import Iterable
from dataclasses import replace

from tests.support.writing_model.blog import ANONYMOUS, EDITOR, Article, Blog, Category, Copy, Refused, Tag
from tests.support.writing_model.writing import CREATED, DONE, GONE


class Filing:
    def __init__(self, blog: Blog) -> None:
        self._blog = blog

    def add_category(self, who: str, category: Category) -> int:
        _require_editor(who)
        self._blog.categories.append(category)
        return CREATED

    def change_category(self, who: str, category: Category, changes: dict[str, str]) -> int:
        _require_editor(who)
        self._blog.former_categories[category.slug] = category
        for name, value in changes.items():
            setattr(category, name, value)
        return DONE

    def move_category(self, who: str, category: Category, parent: Category | None) -> int:
        _require_editor(who)
        if parent is not None and category in parent.line():
            raise Refused(409, 422)
        category.parent = parent
        return DONE

    def delete_category(self, who: str, category: Category) -> int:
        _require_editor(who)
        for article in self._blog.articles:
            if article.row.category is category:
                article.row = replace(article.row, category=category.parent)
            article.draft = _moved(article.draft, category)
            article.scheduled = _moved(article.scheduled, category)
            for revision in article.revisions.values():
                if revision.text.category is category:
                    revision.text = replace(revision.text, category=None)
        for child in self._blog.categories:
            if child.parent is category:
                child.parent = category.parent
        self._blog.categories.remove(category)
        former = self._blog.former_categories
        former[category.slug] = category
        former.update(dict.fromkeys([slug for slug, found in former.items() if found is category]))
        return GONE

    def rename_tag(self, who: str, tag: Tag, name: str) -> int:
        _require_editor(who)
        if self._was_seen(tag):
            self._blog.former_tags[tag.slug] = tag
        self._follow(tag.name, name)
        tag.name = tag.slug = name
        return DONE

    def merge_tags(self, who: str, target: Tag, others: Iterable[Tag]) -> int:
        _require_editor(who)
        for other in others:
            self._replace(other, target)
        return DONE

    def delete_tag(self, who: str, tag: Tag) -> int:
        _require_editor(who)
        self._replace(tag, None)
        return GONE

    def _replace(self, tag: Tag, other: Tag | None) -> None:
        former = self._blog.former_tags
        if self._was_seen(tag):
            former[tag.slug] = tag
        former.update(dict.fromkeys([slug for slug, found in former.items() if found is tag], other))
        self._blog.tags.remove(tag)
        self._follow(tag.name, other.name if other else None)
        for article in self._tagged(tag):
            article.tags = article.tags - {tag} | ({other} if other else set())

    def _follow(self, name: str, other: str | None) -> None:
        """Have the texts that are not published follow what becomes of a tag."""
        for article in self._blog.articles:
            article.draft = _renamed(article.draft, name, other)
            article.scheduled = _renamed(article.scheduled, name, other)

    def _was_seen(self, tag: Tag) -> bool:
        public = {found[1] for found in self._blog.leads_to.items() if found in self._blog.were_public}
        return any(article.is_listed or article in public for article in self._tagged(tag))

    def _tagged(self, tag: Tag) -> list[Article]:
        return [article for article in self._blog.articles if tag in article.tags]


def _renamed(copy: Copy | None, name: str, other: str | None) -> Copy | None:
    if copy is None or name not in copy.text.tags:
        return copy
    tags = copy.text.tags - {name} | ({other} if other else set())
    return Copy(replace(copy.text, tags=tags), copy.version)


def _moved(copy: Copy | None, category: Category) -> Copy | None:
    if copy is None or copy.text.category is not category:
        return copy
    return Copy(replace(copy.text, category=category.parent), copy.version)


def _require_editor(who: str) -> None:
    if who != EDITOR:
        raise Refused(401 if who == ANONYMOUS else 403)
