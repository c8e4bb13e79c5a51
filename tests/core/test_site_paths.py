"""Paths of the site and targets of redirects, in one form."""

import pytest

from app.core.site_paths import below, normal_path, normal_target, path_in

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/old", "/old"),
        ("/old/", "/old"),
        ("/2019/05/old-post.html", "/2019/05/old-post.html"),
        ("//evil.com//x", "/evil.com/x"),
        ("/Old", "/Old"),
        ("/café", "/caf%C3%A9"),
        ("/cafe\u0301", "/caf%C3%A9"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/%7Eanna", "/~anna"),
        ("/100%", "/100%25"),
        ("/100%25", "/100%25"),
        ("/a%3Fb%23c", "/a%3Fb%23c"),
        ("/a.b:c@d;e=f,g+h", "/a.b:c@d;e=f,g+h"),
        ("/...", "/..."),
    ],
)
def test_a_path_has_one_form(given: str, normal: str) -> None:
    assert normal_path(given) == normal
    assert normal_path(normal) == normal


@pytest.mark.parametrize(
    "given",
    [
        *("", "old", "https://example.com/old", "javascript:alert(1)", "/a?b", "/a#b", "/a/../b", "/./a", "/%2e%2E/a"),
        *(
            "/a\\b",
            "/a%5Cb",
            "/a%2Fb",
            "/a%2f%2fevil.com",
            "/a%00",
            "/a\x00",
            "/a\nb",
            "/a%0d%0aSet-Cookie:x",
            "/a\x7f",
        ),
        *("/a\u2028b", "/%ff", "/\ud800", "/" + "a" * 1000, "/" + "é" * 400),
    ],
)
def test_what_may_mean_something_else_is_no_path(given: str) -> None:
    with pytest.raises(ValueError, match="must"):
        normal_path(given)


def test_what_is_asked_for_may_have_a_query() -> None:
    assert path_in("/old/?utm=1#x") == "/old"
    assert path_in("/a/../b") is None
    assert path_in("/" + "a" * 3000) is None
    assert path_in("old") is None


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("/new", "/new"),
        ("/new/", "/new/"),
        ("/", "/"),
        ("/näher dran?a=ü b&c=%20#ß", "/n%C3%A4her%20dran?a=%C3%BC%20b&c=%20#%C3%9F"),
        ("/a//b", "/a/b"),
        ("https://Example.COM", "https://example.com"),
        ("HTTPS://example.com:443/A?b#c", "https://example.com/A?b#c"),
        ("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4"),
        ("https://example.com/a%2Fb", "https://example.com/a%2Fb"),
    ],
)
def test_a_target_is_ready_to_be_sent(given: str, normal: str) -> None:
    assert normal_target(given) == normal
    assert normal_target(normal) == normal
    assert normal.isascii()


@pytest.mark.parametrize(
    "given",
    [
        *("", "new", "//evil.com", "/\\evil.com", "\\\\evil.com", "/a\\b", "/a/../b", "/a%00", "/a?b\nc", "/a?\\b"),
        *(
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "ftp://example.com/",
            "mailto:a@example.com",
        ),
        *("https:example.com", "https:///x", "https://", "https://a b/", "https://good.com@evil.com/", "https://x:y/"),
        *("https://example.com\\@evil.com", "https://example.com/\r\nX: y", "https://example.com/a b", " /a\x00"),
        *("http://[::1", "https://exa mple.com", "/" + "a" * 2000, "https://example.com/" + "é" * 700),
    ],
)
def test_what_leads_nowhere_good_is_no_target(given: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        normal_target(given)


def test_the_rest_of_a_path_cannot_become_another_host() -> None:
    assert below("/", "/evil.com") == "/evil.com"
    assert below("https://example.com", "/.evil.com") == "https://example.com/.evil.com"
    assert below("/new/", "/a/b") == "/new/a/b"
    assert below("/new/", "") == "/new/"
