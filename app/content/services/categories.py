"""Categories: a tree that editors maintain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from app.accounts.policies.actors import Actor, require_role
from app.audit.actions import Action
from app.cache import keys
from app.content import audit_actions as actions
from app.content.errors import CategoryCycle, CategoryNotFound, CategoryTaken, CategoryTooDeep, UnknownCategory
from app.content.models import Article, ArticleCopy, Category, Named
from app.content.queries import categories
from app.content.queries.categories import CategoryRow
from app.content.schemas.taxonomy import CategoryInput, CategoryOut, CategoryTree, CategoryUpdate
from app.content.services.former_names import FormerNames
from app.content.services.permalinks import Permalinks
from app.core.names import name_key
from app.core.roles import Role
from app.core.slugs import free_slug, slug_for, sort_key
from app.db.advisory_locks import AdvisoryLock, take_advisory_lock
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork

MAX_DEPTH = 6
_UNIQUE = {"uq_categories_slug": CategoryTaken(field="slug")}


@dataclass(frozen=True)
class _Forest:
    """All categories in memory: there are few, and most operations need the tree."""

    by_id: Mapping[int, CategoryRow]
    children: Mapping[int | None, Sequence[CategoryRow]]
    # Of articles here and below.
    counts: Mapping[int, int]

    def children_of(self, parent_id: int | None) -> Sequence[CategoryRow]:
        return self.children.get(parent_id, ())

    def tree(self, parent_id: int | None) -> list[CategoryTree]:
        return [
            CategoryTree(**self.to_schema(category).model_dump(), children=self.tree(category.id))
            for category in self.children_of(parent_id)
        ]

    def to_schema(self, category: CategoryRow) -> CategoryOut:
        parent = self.by_id.get(category.parent_id or 0)
        return CategoryOut(
            slug=category.slug,
            name=category.name,
            description=category.description,
            parent=parent.slug if parent else None,
            article_count=self.counts[category.id],
        )

    def with_slug(self, slug: str) -> CategoryRow | None:
        return next((category for category in self.by_id.values() if category.slug == slug), None)

    def with_name(self, name: str) -> CategoryRow | None:
        """The category of this name that is nearest to the top, or the oldest of those."""
        key = name_key(name)
        found = [category for category in self.by_id.values() if name_key(category.name) == key]
        return min(found, key=lambda category: (self.depth(category), category.id), default=None)

    def free_slug(self, name: str) -> str:
        return free_slug(slug_for(name), {category.slug for category in self.by_id.values()})

    def depth(self, category: CategoryRow | None) -> int:
        """The number of categories from the root down to this one."""
        return 1 + self.depth(self.by_id.get(category.parent_id or 0)) if category else 0

    def line_to(self, category: CategoryRow | None) -> list[CategoryRow]:
        """The categories from the root down to this one."""
        return [*self.line_to(self.by_id.get(category.parent_id or 0)), category] if category else []

    def height(self, category: CategoryRow) -> int:
        """The number of categories from this one down to the deepest below it."""
        return 1 + max((self.height(child) for child in self.children_of(category.id)), default=0)

    def is_within(self, category: CategoryRow | None, ancestor: CategoryRow) -> bool:
        return category is not None and (
            category is ancestor or self.is_within(self.by_id.get(category.parent_id or 0), ancestor)
        )


class CategoryService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._former_names = FormerNames(unit)
        self._permalinks = Permalinks(unit)

    async def tree(self) -> list[CategoryTree]:
        """All categories, by name, each with those below it."""
        # Everybody gets the same.
        self._unit.surrogate_keys.add(keys.CATEGORIES)
        return (await self._forest()).tree(None)

    async def get(self, slug: str) -> CategoryOut:
        """One category. Raises `CategoryNotFound`, `Moved` or `Gone`."""
        forest = await self._forest()
        category = forest.with_slug(slug)
        if category is None:
            raise await self._permalinks.missing(None, "category", slug)
        self._unit.surrogate_keys.add(keys.CATEGORIES)
        return forest.to_schema(category)

    async def path_of(self, slug: str) -> str:
        """The slugs of the categories from the top down to this one, with slashes. Raises `CategoryNotFound`."""
        forest = await self._forest()
        category = forest.with_slug(slug)
        if category is None:
            raise CategoryNotFound
        return "/".join(above.slug for above in forest.line_to(category))

    async def subtree(self, slug: str) -> Sequence[int]:
        """The ids of a category and of all below it; empty if there is no such category."""
        return [category_id for (category_id,) in await self._unit.rows.fetch(categories.SUBTREE, {"slug": slug})]

    async def id_of(self, slug: str | None) -> int | None:
        """The category id for an article. Raises `UnknownCategory`."""
        if slug is None:
            return None
        found = await self._unit.session.scalar(select(Category.id).where(Category.slug == slug))
        if found is None:
            raise UnknownCategory(field="category")
        return found

    async def named(self, name: str) -> int:
        """The id of the category with this name; if there is none, it is created at the top level."""
        forest = await self._forest()
        if found := forest.with_name(name):
            return found.id
        await take_advisory_lock(self._unit.session, AdvisoryLock.CATEGORY_TREE)
        forest = await self._forest()
        if found := forest.with_name(name):
            return found.id
        category = Category(name=name, slug=forest.free_slug(name))
        self._unit.session.add(category)
        with translating(_UNIQUE):
            await self._unit.session.flush()
        self._record(actions.CATEGORY_CREATED, None, category, slug=category.slug)
        return category.id

    async def create(self, actor: Actor, data: CategoryInput) -> CategoryOut:
        """Add a category. Raises `CategoryTaken`, `UnknownCategory` or `CategoryTooDeep`."""
        forest = await self._locked_forest(actor)
        parent = _parent(forest, data.parent)
        if forest.depth(parent) >= MAX_DEPTH:
            raise CategoryTooDeep(field="parent")
        # Who gives a slug knows what is to be told apart by it.
        if data.slug is None and forest.with_name(data.name):
            raise CategoryTaken(field="slug")
        category = Category(
            name=data.name,
            slug=data.slug or forest.free_slug(data.name),
            description=data.description,
            parent_id=parent.id if parent else None,
        )
        self._unit.session.add(category)
        with translating(_UNIQUE):
            await self._unit.session.flush()
        self._record(actions.CATEGORY_CREATED, actor, category, slug=category.slug)
        return await self.get(category.slug)

    async def update(self, actor: Actor, slug: str, data: CategoryUpdate) -> CategoryOut:
        """Change or move a category. Raises `CategoryNotFound`, `CategoryCycle` and what `create` raises."""
        forest = await self._locked_forest(actor)
        found = forest.with_slug(slug)
        if found is None:
            raise CategoryNotFound
        await self._unit.preconditions.require(lambda: self.get(slug))
        category = await self._unit.session.get_one(Category, found.id)
        for name in data.model_fields_set - {"parent"}:
            setattr(category, name, getattr(data, name))
        if "parent" in data.model_fields_set:
            category.parent_id = _new_parent(forest, found, _parent(forest, data.parent))
        with translating(_UNIQUE):
            await self._unit.session.flush()
        if category.slug != slug:
            await self._former_names.keep(Named.CATEGORY, slug, category.id)
        self._record(actions.CATEGORY_CHANGED, actor, category, slug=slug, fields=sorted(data.model_fields_set))
        return await self.get(category.slug)

    async def delete(self, actor: Actor, slug: str) -> None:
        """Delete a category; its contents move to its parent, or to none. Raises `CategoryNotFound`."""
        require_role(actor, Role.EDITOR)
        # Of two deletions, one might hold articles that the other is about to move.
        await take_advisory_lock(self._unit.session, AdvisoryLock.CATEGORY_TREE)
        # Before the categories, as whoever publishes them: see `app/content/models/counters.py`.
        inside = select(Article.id).where(Article.id.in_(categories.articles_inside(slug)))
        await self._unit.session.execute(inside.order_by(Article.id).with_for_update(of=Article, key_share=True))
        forest = await self._locked_forest(actor)
        found = forest.with_slug(slug)
        if found is None:
            raise CategoryNotFound
        await self._unit.preconditions.require(lambda: self.get(slug))
        category = await self._unit.session.get_one(Category, found.id)
        moved = {"updated_at": Article.updated_at, "category_id": category.parent_id}
        await self._unit.session.execute(update(Article).where(Article.category_id == category.id).values(moved))
        copies = update(ArticleCopy).where(ArticleCopy.category_id == category.id)
        await self._unit.session.execute(copies.values(category_id=category.parent_id))
        for child in await self._unit.session.scalars(select(Category).where(Category.parent_id == category.id)):
            child.parent_id = category.parent_id
        await self._unit.session.flush()
        await self._former_names.keep(Named.CATEGORY, slug, None)
        await self._unit.session.delete(category)
        self._record(actions.CATEGORY_DELETED, actor, category, slug=slug)

    def _record(self, action: Action, actor: Actor, category: Category, **details: Any) -> None:
        self._unit.audit.record(action, actor=actor.account if actor else None, subject=category, **details)

    async def _forest(self) -> _Forest:
        found = map(CategoryRow._make, await self._unit.rows.fetch(categories.ALL, {}))
        # Sorted here, because what the databases make of case and accents differs.
        return _grown(sorted(found, key=lambda category: (sort_key(category.name), category.id)))

    async def _locked_forest(self, actor: Actor) -> _Forest:
        """The tree, locked until the transaction ends: two concurrent moves could create a cycle."""
        require_role(actor, Role.EDITOR)
        await take_advisory_lock(self._unit.session, AdvisoryLock.CATEGORY_TREE)
        await self._unit.session.execute(select(Category.id).order_by(Category.id).with_for_update(key_share=True))
        return await self._forest()


def _grown(rows: Sequence[CategoryRow]) -> _Forest:
    """The forest of these categories, with siblings in this order."""
    children: dict[int | None, list[CategoryRow]] = {}
    for category in rows:
        children.setdefault(category.parent_id, []).append(category)
    counts = {category.id: category.article_count for category in rows}

    def add_up(parent: CategoryRow) -> int:
        counts[parent.id] += sum(map(add_up, children.get(parent.id, ())))
        return counts[parent.id]

    for root in children.get(None, ()):
        add_up(root)
    return _Forest({category.id: category for category in rows}, children, counts)


def _parent(forest: _Forest, slug: str | None) -> CategoryRow | None:
    if slug is None:
        return None
    parent = forest.with_slug(slug)
    if parent is None:
        raise UnknownCategory(field="parent")
    return parent


def _new_parent(forest: _Forest, category: CategoryRow, parent: CategoryRow | None) -> int | None:
    """The id of the new parent. Raises `CategoryCycle` or `CategoryTooDeep`."""
    if forest.is_within(parent, category):
        raise CategoryCycle(field="parent")
    if forest.depth(parent) + forest.height(category) > MAX_DEPTH:
        raise CategoryTooDeep(field="parent")
    return parent.id if parent else None
