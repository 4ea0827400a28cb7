"""How a verdict is shown on a layer: words and a symbol first, colour only beside them.

Notifications vanish after a few seconds.  What stays is the layer's name, the name overlay on the
canvas and the bounding box, and these carry the verdict of every file that is not intact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_seal._napari.notices import say, warn
from napari_seal._napari.signature_flag import headline, is_alarming, signed_sentence
from napari_seal._text import printable
from napari_seal._verify.looks import LOOKS, Tone
from napari_seal._verify.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from napari.layers import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The signs of one outcome.

    Parameters
    ----------
    symbol, words : str
        What is written before the layer's name, and in tables.
    colour : str
        Of the box and the overlay text, which stands on black.
    tone : Tone
        Of words in tables and lines, whose colour depends on the theme; see `looks.Colours.on`.
    grave : bool
        Whether the image or what is written about it is not what was sealed; drawn thicker.
    """

    symbol: str
    words: str
    colour: str
    tone: Tone
    grave: bool

    @property
    def prefix(self) -> str:
        """What goes before the layer's name."""
        return f"{self.symbol} {self.words}: "


FLAGS = {
    outcome: Flag(
        symbol=look.sign,
        words=look.words,
        colour=look.colours.canvas,
        tone=look.tone,
        grave=look.tone is Tone.BAD,
    )
    for outcome, look in LOOKS.items()
}
#: Where the rest is told.
WHERE = "More: File > IO Utilities > Seal details."
_PREFIXES = (
    f"{FLAGS[Outcome.MISSING].symbol} PLANES MISSING: ",
    *(flag.prefix for outcome, flag in FLAGS.items() if outcome is not Outcome.INTACT),
)


def flagged_name(name: str, outcome: Outcome, *, stack: bool = False) -> str:
    """Return ``name`` with the verdict before it, unless the file or stack is intact."""
    name = plain_name(name)
    if outcome is Outcome.INTACT:
        return name
    symbol, words = stack_words(outcome) if stack else (FLAGS[outcome].symbol, FLAGS[outcome].words)
    return f"{symbol} {words}: {name}"


def stack_words(outcome: Outcome) -> tuple[str, str]:
    """Return the sign and the words of a stack: where planes are missing, the stack is there."""
    flag = FLAGS[outcome]
    return flag.symbol, "PLANES MISSING" if outcome is Outcome.MISSING else flag.words


def plain_name(name: str) -> str:
    """Return ``name`` without a flag that was put before it on opening."""
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def help_text(outcome: Outcome, signed: str = "") -> str:
    """Return the verdict for the corner of the status bar, where napari shows a layer's help."""
    flag = FLAGS[outcome]
    text = f"{flag.symbol} verified" if outcome is Outcome.INTACT else f"{flag.symbol} {outcome}"
    return f"{text}, {signed}" if signed else text


def mark(layer: Layer, outcome: Outcome, signed: str = "") -> None:
    """Draw the verdict onto the canvas: name overlay and box, for whatever is not intact.

    An intact picture is left as it is: it says "verified" in the corner of the status bar, and
    neither its name, which is saved, nor the canvas, of which people take pictures, is touched.

    Parameters
    ----------
    layer : napari.layers.Layer
        Its name already carries the flag; the overlay shows that name.
    outcome : Outcome
        The verdict on the file it came from.
    signed : str
        Who signed, from `signature_flag.signed_help`.
    """
    keep_help(layer, help_text(outcome, signed))
    if outcome is not Outcome.INTACT:
        show_name(layer, outcome)
        show_box(layer, outcome)


def show_name(layer: Layer, outcome: Outcome) -> None:
    """Let the layer's name, with its flag, stand on the canvas."""
    overlay = layer.name_overlay
    dress(overlay, outcome)
    overlay.visible = True


def dress(overlay: Any, outcome: Outcome) -> None:
    """Give a text on the canvas the looks of a verdict."""
    flag = FLAGS[outcome]
    overlay.color = flag.colour
    overlay.font_size = 15 if flag.grave else 12
    # On a box of its own the text is legible over any picture and in both themes.
    overlay.box = True
    overlay.box_color = "#14161a"


def show_box(layer: Layer, outcome: Outcome) -> None:
    """Draw a frame around the picture; of an intact one, none."""
    flag, box = FLAGS[outcome], layer.bounding_box
    box.line_color = flag.colour
    box.line_thickness = 4 if flag.grave else 2
    box.points = False
    box.visible = outcome is not Outcome.INTACT


def keep_help(layer: Layer, text: str, *, alone: bool = False) -> None:
    """Put a text before a layer's help, which napari writes anew with every mode of the layer.

    Parameters
    ----------
    layer : napari.layers.Layer
        The active layer's help stands in the status bar while the mouse is not on the canvas.
    text : str
        What is to stand there.
    alone : bool
        Whether in place of napari's own words.
    """

    def put_first() -> None:
        if alone or not layer.help:
            layer.help = text
        elif not layer.help.startswith(text):
            layer.help = f"{text} · {layer.help}"

    layer.events.help.connect(put_first)
    put_first()


def announce(name: str, verdict: Verdict, notes: list[str]) -> None:
    """Tell the person at the screen what the verdict is and why.

    Parameters
    ----------
    name : str
        Of the file, without its folder.
    verdict : Verdict
        What was found.
    notes : list of str
        What was left out while restoring the layer's attributes.
    """
    flag = FLAGS[verdict.verdict]
    # The verdict first: napari shows about 38 characters of a message, names can be longer.
    head = f"{flag.symbol} {verdict.verdict}: {printable(name)}"
    why = " ".join(reason.message for reason in verdict.reasons[:2])
    if verdict.intact:
        # Reasons beside "intact" (an added comment...) are worth a word, not an alarm; nor is it
        # one that a key is not known.
        signed = signed_sentence(verdict.signature, verdict.signer)
        more = " ".join(filter(None, [signed, why]))
        if is_alarming(verdict.signature):
            warn(f"{headline(verdict.signature)}: {printable(name)} is intact. {more} {WHERE}")
        else:
            say(f"{head}. {more}" if more else head)
    else:
        warn(f"{head}. {verdict.verdict.meaning} {why}".strip() + f" {WHERE}")
    if notes:
        warn(f"{printable(name)}: not restored: {'; '.join(notes)}")
