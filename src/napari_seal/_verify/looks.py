"""How verdicts look, wherever they are shown: the terminal, the HTML report and napari.

A sign and words say everything; colour only repeats it.  The three colours are taken from Okabe and
Ito's palette, which is told apart with every common kind of colour vision.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from napari_seal._verify.verdict import Outcome


class Tone(StrEnum):
    """What a verdict means for whoever looks after the files."""

    GOOD = "good"  # as it was sealed
    MILD = "mild"  # nothing is known to be wrong, nor proven right
    BAD = "bad"  # lost, changed, or not checked


class Colours(NamedTuple):
    """One tone's colour on the grounds it stands on, as ``#rrggbb``.

    Parameters
    ----------
    text : str
        In terminals, whose ground is not known: on a light one as well as on a dark one.
    canvas : str
        Of boxes and of text on black.
    on_white, on_black : str
        Of small text on a page, and in the light and the dark theme of napari.
    """

    text: str
    canvas: str
    on_white: str
    on_black: str

    def on(self, *, dark: bool) -> str:
        """Return the colour of small text on a dark ground, or on a light one."""
        return self.on_black if dark else self.on_white


class Look(NamedTuple):
    """The signs of one verdict.

    Parameters
    ----------
    tone : Tone
    words : str
        Before the name of a layer, where the verdict's own word would be too quiet.
    own_sign : str
        In place of the tone's.
    """

    tone: Tone
    words: str
    own_sign: str = ""

    @property
    def sign(self) -> str:
        """One character, which tells the tones apart without colour."""
        return self.own_sign or SIGNS[self.tone]

    @property
    def colours(self) -> Colours:
        """The colours of the tone."""
        return COLOURS[self.tone]


SIGNS: Final = {Tone.GOOD: "✓", Tone.MILD: "○", Tone.BAD: "⚠"}

COLOURS: Final = {
    Tone.GOOD: Colours("#12a074", "#00b386", "#00694e", "#4fd0a5"),  # bluish green
    Tone.MILD: Colours("#3d92dc", "#56b4e9", "#005a9c", "#56b4e9"),  # sky blue
    Tone.BAD: Colours("#e2711a", "#ff8c1a", "#a83c00", "#ff9a4d"),  # orange
}

LOOKS: Final = {
    Outcome.INTACT: Look(Tone.GOOD, "intact"),
    Outcome.METADATA_CHANGED: Look(Tone.BAD, "METADATA CHANGED"),
    Outcome.REENCODED: Look(Tone.MILD, "reencoded"),
    Outcome.SUBSTITUTED: Look(Tone.BAD, "OTHER IMAGE"),
    Outcome.SIGNATURE_INVALID: Look(Tone.BAD, "SIGNATURE INVALID"),
    Outcome.IMAGE_CHANGED: Look(Tone.BAD, "IMAGE CHANGED"),
    Outcome.TRUNCATED: Look(Tone.BAD, "TRUNCATED"),
    Outcome.NO_SEAL: Look(Tone.MILD, "no seal"),
    Outcome.SEAL_MALFORMED: Look(Tone.BAD, "SEAL UNREADABLE"),
    Outcome.SEAL_UNSUPPORTED: Look(Tone.MILD, "seal not known"),
    # A sealed file that was overwritten with anything else is one.
    Outcome.NOT_AN_IMAGE: Look(Tone.BAD, "NOT AN IMAGE"),
    Outcome.UNREADABLE: Look(Tone.BAD, "NOT CHECKED"),
    # There is no picture behind it.
    Outcome.MISSING: Look(Tone.BAD, "MISSING", "✗"),
}
