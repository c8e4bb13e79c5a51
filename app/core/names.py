"""When two names are one."""

import re
import unicodedata

# Whatever the text around them, they change nothing that one sees: soft hyphens, marks of direction, variation
# selectors and their like. Joiners are none of them: in Persian they make another word, and of emoji another picture.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0100-\U000e01ef]"
)


def name_key(name: str) -> str:
    """Names are one if their keys are equal: if they differ in Unicode form, case, white space and unseen marks only.

    Accents and scripts are kept, unlike in slugs: "pêche" is not "péché".
    """
    folded = unicodedata.normalize("NFD", _UNSEEN.sub("", name)).casefold()
    # Twice, because each of the two may bring forth something for the other: Unicode calls that a compatibility
    # caseless match.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    return " ".join(folded.split())
