"""The content of the demo blog: a workshop's notes on repairing things."""

from dataclasses import dataclass

from app.content.schemas.articles import ArticleInput
from app.content.schemas.taxonomy import CategoryInput
from app.core.roles import Role


@dataclass(frozen=True)
class Person:
    username: str
    name: str
    role: Role
    bio: str = ""


@dataclass(frozen=True)
class DemoComment:
    author: str
    text: str
    responses: tuple["DemoComment", ...] = ()


@dataclass(frozen=True)
class DemoArticle:
    """An article, either published `days_ago` or a draft."""

    author: str
    days_ago: int | None
    article: ArticleInput
    comments: tuple[DemoComment, ...] = ()


PEOPLE = (
    Person("margaret", "Margaret Oyelaran", Role.EDITOR, "Runs the workshop and reads everything twice."),
    Person("tomas", "Tomás Vrba", Role.AUTHOR, "Bicycles, mostly. Sometimes clocks."),
    Person("ines", "Inês Carvalho", Role.AUTHOR, "Bookbinder. Believes in paste."),
    Person("wen", "Wen Li", Role.READER),
    Person("harriet", "Harriet Bloom", Role.READER),
)

CATEGORIES = (
    CategoryInput(name="Workshop", description="How the place is run."),
    CategoryInput(name="Repairs", description="Things that were broken and no longer are."),
    CategoryInput(name="Bicycles", parent="repairs"),
    CategoryInput(name="Books", parent="repairs"),
)

ARTICLES = (
    DemoArticle(
        "margaret",
        96,
        ArticleInput(
            title="The workshop opens on Thursdays",
            category="workshop",
            tags=["News"],
            body_markdown="""\
We have a room, a long table, eleven lamps and, since last week, a kettle. From now on the workshop is open
**every Thursday from four to nine**. Bring something broken. If it is heavier than you are, write first.

What we can usually help with:

- bicycles, up to the point where the frame itself is bent
- books whose covers have come away from their pages
- small appliances, *unplugged*
- clothes, if you are willing to hold the other end

What we do not do is repair things for you while you wait. You sit down, someone sits down beside you, and you repair
it together. That is slower. It is also the point.
""",
        ),
        (
            DemoComment(
                "wen",
                "Is there a place to lock a bicycle that *does* work?",
                (DemoComment("margaret", "The railing in the yard. Mind the basil."),),
            ),
        ),
    ),
    DemoArticle(
        "tomas",
        71,
        ArticleInput(
            title="A chain is a consumable",
            category="bicycles",
            tags=["Bicycles", "Maintenance"],
            body_markdown="""\
People replace tyres without being asked and keep the same chain for ten years. Then they replace the chain, and the new
one jumps, because the sprockets have worn to the shape of the old one.

Measure it. Twelve full links of a new chain are twelve inches, exactly:

| Twelve links measure | Elongation | What to do |
|---|---:|---|
| 304.8 mm | 0 % | ride |
| 306.3 mm | 0.5 % | order a chain |
| 307.8 mm | 1 % | replace it, and look at the sprockets |

A ruler is enough.[^1] Put its zero on the edge of one pin and read where the edge of the twenty-fourth pin further on
has got to. Do it on the upper run, with a little weight on the pedal, or you will measure slack instead of wear.

[^1]: The gauges sold for this are quicker and measure two rollers along with the pins, so most of them ask for a new
    chain a little early.
""",
        ),
        (
            DemoComment(
                "harriet",
                "Mine says 310. I suppose that answers it.",
                (
                    DemoComment(
                        "tomas",
                        "It does. Bring the whole wheel on Thursday.",
                        (DemoComment("harriet", "Will do!"),),
                    ),
                ),
            ),
            DemoComment("wen", "Does the same hold for belt drives?"),
        ),
    ),
    DemoArticle(
        "ines",
        52,
        ArticleInput(
            title="Wheat paste, and why it is still the right glue",
            category="books",
            tags=["Bookbinding", "Materials"],
            body_markdown="""\
Every repair in a book should be one that the next person can undo. Wheat paste swells and lets go when it is damp; the
white glue from the stationer's never does.

> Strong enough to hold, weak enough to fail before the paper does.

The recipe is four parts of water to one part of flour, by volume:

1. Stir the flour into one part of *cold* water until there is not a lump left.
2. Bring the other three parts to the boil and pour them in, stirring.
3. Keep it just under boiling for ten minutes. It turns from white to grey and starts to shine.
4. Let it cool with paper on its surface, then push it through a sieve.

It keeps for four days in the cold. When it smells of beer, throw it away.
""",
        ),
        (DemoComment("harriet", "Rice flour works too, and is finer, if a little less strong."),),
    ),
    DemoArticle(
        "tomas",
        33,
        ArticleInput(
            title="Truing a wheel without a stand",
            category="bicycles",
            tags=["Bicycles", "Wheels"],
            body_markdown="""\
Turn the bicycle over, tie a cable tie to the seat stay so that its end just misses the rim, and you have a truing stand
that costs nothing and measures to a tenth of a millimetre.

Work in quarter turns. Where the rim touches, loosen the two spokes that pull it there and tighten the two that pull it
away, *by the same amount*, so that the wheel stays round while it becomes straight. Then pluck the spokes on one side:
they should all give about the same note.

If one of them stays dull however far you turn it, stop. Its nipple is seized, and the next quarter turn will shear it.
""",
        ),
    ),
    DemoArticle(
        "margaret",
        19,
        ArticleInput(
            title="What we learned from a year of broken toasters",
            category="workshop",
            tags=["Appliances", "Numbers"],
            body_markdown="""\
Forty-one toasters came in last year. Thirty-four went home working. Because we write everything down, here is what was
wrong with them:

- **19** had crumbs where the carriage should have latched
- **8** had a cable broken inside its sleeve, just where it leaves the housing
- **6** had an electromagnet with a cracked solder joint
- **1** had a marble in it
- **7** could not be opened without destroying them

The last line is the one that bothers us. Nothing was wrong with those seven that a screw instead of a rivet would not
have made a matter of ten minutes.
""",
        ),
        (
            DemoComment("wen", "Whose marble was it?"),
            DemoComment("ines", "Mine came back as a very good paste warmer, so I do not complain."),
        ),
    ),
    DemoArticle(
        "ines",
        8,
        ArticleInput(
            title="Reading a book's spine",
            category="books",
            tags=["Bookbinding"],
            body_markdown="""\
Before you take a book apart, look at it from above. If the pages lie in little folded bundles, it was sewn, and can be
sewn again. If they are a block of single leaves with a straight, shiny edge, it was only ever glued.

To count the bundles, open the book until you see thread in the middle of a fold. Mark it, go on to the next. A dozen
sections of sixteen pages is the usual thing:

```text
12 sections x 16 pages = 192 pages
```

Write the number down *before* cutting anything. When you sew them together again there will be a moment when you have
one left over, and you will want to know whether it belongs to this book.
""",
        ),
    ),
    DemoArticle(
        "margaret",
        5,
        ArticleInput.model_validate(
            {
                "title": "Who has a key",
                "category": "workshop",
                "tags": ["News"],
                "visibility": "members",
                "body_markdown": """\
For those who come regularly: the spare key hangs where the *second* lamp used to be. Whoever takes it writes their name
on the board, and whoever leaves last turns off the kettle at the wall.
""",
            }
        ),
    ),
    DemoArticle(
        "margaret",
        96,
        ArticleInput.model_validate(
            {
                "title": "About the workshop",
                "kind": "page",
                "body_markdown": """\
A room, a long table and eleven lamps, in the yard behind the old printing house. Open every Thursday from four to nine.
""",
            }
        ),
    ),
    DemoArticle(
        "tomas",
        None,
        ArticleInput(
            title="Clocks, a first attempt",
            tags=["Clocks"],
            body_markdown="Notes so far: never let down the mainspring with your thumb.\n",
        ),
    ),
)
