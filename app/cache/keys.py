"""The names of what public answers show, by which those that a change concerns are found again.

An answer carries a key for each thing that it shows, and one for each list that it is cut from: a thing that joins or
leaves a list is not yet, or not any more, among those that the answer shows.
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


class Shown:
    """Collects the keys of what one answer shows. An answer for which none are noted belongs to nobody else."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def note(self, *keys: str) -> None:
        self.keys.update(keys)
