"""The tags of template languages in a text: `{% … %}` of Liquid and its like, `{{< … >}}` and `{{% … %}}` of Hugo."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

_TAG = re.compile(
    r"\{%-?(?P<liquid>(?:(?!\{%|%\}).)*+)%\}"
    r"|\{\{<(?P<angle>(?:(?!\{\{|>\}\}).)*+)>\}\}"
    r"|\{\{%(?P<percent>(?:(?!\{\{|%\}\}).)*+)%\}\}",
    re.DOTALL,
)
_WORDS = re.compile(r"\s*(?P<closing>/|end(?=\w))?\s*(?P<name>#|[\w.][\w./-]*)?(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: `{% endhighlight %}` and `{{< /highlight >}}` are the closing ones of `highlight`."""

    start: int
    end: int
    is_liquid: bool
    is_closing: bool
    name: str
    rest: str

    @classmethod
    def of(cls, match: re.Match[str]) -> "Tag":
        is_liquid = match["liquid"] is not None
        words = _WORDS.fullmatch(match[match.lastgroup or 0])
        closing, name, rest = (words["closing"], words["name"], words["rest"]) if words else (None, None, "")
        return cls(*match.span(), is_liquid, bool(closing), name or "", rest.strip().removesuffix("-").rstrip())


def tags_in(text: str, *, liquid: bool) -> list[Tag]:
    """All tags, in order; those of Liquid only if asked for."""
    return [tag for match in _TAG.finditer(text) if (tag := Tag.of(match)).is_liquid <= liquid]


class Blocks:
    """Which tag closes which, for each name."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._tags: dict[tuple[str, bool], list[Tag]] = {}
        for tag in tags:
            self._tags.setdefault((tag.name, tag.is_liquid), []).append(tag)

    def closing(self, opening: Tag) -> Tag | None:
        """The closing tag of a block; none if another block of the name is opened before."""
        tags = self._tags[opening.name, opening.is_liquid]
        following = bisect_left(tags, opening.end, key=lambda tag: tag.start)
        if following < len(tags) and tags[following].is_closing and not opening.is_closing:
            return tags[following]
        return None
