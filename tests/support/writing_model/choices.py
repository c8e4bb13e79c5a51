"""What may be chosen at each step."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
)

from tests.support.writing_model.blog import (
    ANNA,
    ANONYMOUS,
    BEN,
    EDITOR,
    READER,
)

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
