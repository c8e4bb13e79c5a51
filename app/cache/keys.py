"""Surrogate keys: the names of what public responses show, by which a change finds the responses to invalidate.

A response carries a key for each thing that it shows, and one for each list that it is a page of: a thing that joins
or leaves a list is not yet, or no longer, among those that the response shows.
"""

# Everything there is: for changes too large to be spelled out.
EVERYTHING = "*"
# Which articles there are, in lists that no tag narrows down; for those of a tag see `tagged`.
ARTICLES = "articles"
# Which articles there are in the lists of all tags.
TAGGED = "articles:tagged"
# In which order lists by the number of comments are.
COMMENT_COUNTS = "articles:comment-counts"
# Which tags, authors and categories there are, and with how many articles.
TAGS = "tags"
AUTHORS = "authors"
CATEGORIES = "categories"


def article(article_id: int) -> str:
    return f"article:{article_id}"


def author(user_id: int) -> str:
    return f"author:{user_id}"


def tag(tag_id: int) -> str:
    return f"tag:{tag_id}"


def category(category_id: int) -> str:
    return f"category:{category_id}"


def tagged(tag_slug: str) -> str:
    """Which articles there are in the lists of one tag."""
    return f"articles:tagged:{tag_slug}"


def comments_of(article_id: int) -> str:
    """Which comments an article has, and what they say."""
    return f"comments:{article_id}"


class SurrogateKeys:
    """Collects the keys of what one response shows. A response without any is private."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def add(self, *keys: str) -> None:
        self.keys.update(keys)
