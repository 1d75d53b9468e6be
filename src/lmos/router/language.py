"""English or German: enough to ask back in the user's language."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["en", "de"]

# Function words; kept as text because a hundred quoted words are hard to read.
_GERMAN = frozenset(
    """
    aber alle als am an auch auf aus bei bin bis bitte dann das dass dein dem den der des die diese
    diesen dieser dieses doch du ein eine einen einer es etwas euch für geht gestern gibt guten habe
    haben hallo hat heute hätte ich ihr im immer ins ist ja jetzt kann kannst kein keine keinen
    können mal man mehr mein meine meinem meinen meiner mich mir mit morgen muss möchte nach nein
    nicht noch nur ob oder schon sehr sein seit sich sie sind so tag um und uns unser unsere vom von
    vor wann war warum was wegen welche welchen welcher welches wenn wer werden wie wieviel wir wo
    woher wurde würde zu zum zur über
    """.split()
)
_ENGLISH = frozenset(
    """
    a about am an and any are at be but by can could did do does for from get give hello help hi how
    i if in is it know like me much my need no not of on or please should show tell thanks that the
    there this to us want was we what when where which who why will with would yes you your
    """.split()
)


def language_of(text: str, otherwise: Language = "en") -> Language:
    """
    The language of `text`, by its function words and umlauts; `otherwise` when nothing tells.

    Words that both languages have (was, am, an, in) count for neither.
    """
    words = re.findall(r"\w+", text.casefold())
    german = sum(word in _GERMAN and word not in _ENGLISH for word in words)
    german += sum(character in "äöüß" for character in text.casefold())
    english = sum(word in _ENGLISH and word not in _GERMAN for word in words)
    if german == english:
        return otherwise
    return "de" if german > english else "en"
