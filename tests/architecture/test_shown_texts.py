"""Names, titles and comments show something, whichever characters they are made of."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.content.schemas.articles import Excerpt
from app.core.schemas.base import Line, Prose
from tests.architecture.test_strict_fields import inputs

_SHORT = {"name", "title", "display_name", "tags"}
_PATTERNS = {TypeAdapter(kind).json_schema()["pattern"] for kind in (Line, Prose)}
UNSEEN = [
    *("", " ", "\t", "\u00a0", "\u2003", "\u3000", "\u1680", "\u202f"),
    *("\u00ad", "\u034f", "\u061c", "\u180b", "\u180e", "\u180f", "\u200b", "\u200c", "\u200d", "\u200e", "\u2060"),
    *("\u2064", "\u2065", "\u206a", "\ufe00", "\ufe0f", "\ufeff", "\ufff0", "\ufff9", "\ufffa", "\ufffb", "\ufffc"),
    *("\u115f", "\u1160", "\u17b4", "\u3164", "\uffa0", "\u2800", "\U0001d159", "\U0001d173", "\U0001bca0"),
    *("\U000e0001", "\U000e0041", "\U000e007f", "\U000e0100", "\U000e01ef", "\U000e0fff"),
    *("\u0301", "\u20dd", "\u0488", "\u200b\u2800 \ufe0f\U000e0041", " \u2800 \u3164 "),
]
SHOWN = [
    *("a", "1", "é", "e\u0301", "。", "...", "?", "€", "+", "★", "世界", "مصر", "हिन्दी", "ไทย", "བོད", "한글", "ᄒ"),
    *("🎉", "❤\ufe0f", "👩\u200d💻", "🇵🇹", "1\ufe0f\u20e3", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "☐", "\u2422"),
    *("\U0001fae8", "\ue000", "𓂀", "\u2801", "\u200b\u2800x", "a\u2800b"),
]


def shown_fields() -> list[Any]:
    found = []
    for model in dict.fromkeys(inputs()):
        if model.__module__.startswith("app."):
            schemas = model.model_json_schema()["properties"]
            for name, info in model.model_fields.items():
                adapter: TypeAdapter[Any] = TypeAdapter(info.rebuild_annotation())
                schema = schemas[name]
                patterns = {choice.get("pattern") for choice in schema.get("anyOf", [schema.get("items", schema)])}
                if patterns & _PATTERNS:
                    found.append(pytest.param(adapter, "items" in schema, id=f"{model.__name__}.{name}"))
    return found


def accepts(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("adapter", "is_list"), shown_fields())
def test_what_shows_nothing_is_refused(adapter: TypeAdapter[Any], *, is_list: bool) -> None:
    assert [text for text in UNSEEN if accepts(adapter, [text] if is_list else text)] == []
    assert [text for text in SHOWN if not accepts(adapter, [text] if is_list else text)] == []


def test_no_short_text_is_forgotten() -> None:
    named = {f"{model.__name__}.{name}" for model in inputs() for name in model.model_fields.keys() & _SHORT}
    asked = {param.id for param in shown_fields()}
    # A merge names tags by their slugs.
    assert named - asked == {"TagMerge.tags"}
    assert {"CommentInput.body_markdown", "ArticleInput.title", "UserUpdate.display_name"} <= asked


def test_an_excerpt_that_shows_nothing_is_none() -> None:
    excerpt: TypeAdapter[str] = TypeAdapter(Excerpt)
    assert {excerpt.validate_python(text) for text in UNSEEN} == {""}
    assert [excerpt.validate_python(text) for text in SHOWN] == SHOWN
