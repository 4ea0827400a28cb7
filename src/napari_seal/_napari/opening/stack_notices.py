"""What is said when a stack was opened, and when all of its planes were checked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_seal._napari.flag import WHERE
from napari_seal._napari.notices import say, warn
from napari_seal._napari.signature_flag import headline, is_alarming
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import LOOKS
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from napari_seal._verify.stack import OpenStack


def say_opened(opened: OpenStack, signed: str, notes: Sequence[str]) -> None:
    """Say what is known on opening.

    Parameters
    ----------
    opened : OpenStack
        The stack.
    signed : str
        Who signed, in a sentence.
    notes : sequence of str
        What was left out while restoring the layer's attributes.
    """
    name, outcome = printable(os.path.basename(opened.path)), opened.verdict.verdict
    if outcome is Outcome.INTACT:
        say(
            f"{opened.stack.count:,} planes: {name}. Each is verified when it is shown, and all "
            f"of them in the background. {signed}".strip()
        )
    else:
        why = " ".join(reason.message for reason in opened.verdict.reasons[:2])
        warn(f"{LOOKS[outcome].sign} {outcome}: {name}. {why} {WHERE}")
    if notes:
        warn(f"{name}: not restored: {'; '.join(notes)}")


def say_checked(
    opened: OpenStack, outcome: Outcome, signature: Signature, signed: str, why: Sequence[str]
) -> None:
    """Say how the check of the whole ended.

    Parameters
    ----------
    opened : OpenStack
        The stack.
    outcome, signature
        The gravest that were found.
    signed : str
        Who signed, in a sentence.
    why : sequence of str
        Reasons, of which the first are said.
    """
    name = printable(os.path.basename(opened.path))
    if outcome is Outcome.INTACT:
        text = f"{headline(signature)}: {name}. All {opened.stack.count:,} planes were verified. "
        show = warn if is_alarming(signature) else say
        show(f"{text}{signed}".strip())
    else:
        warn(f"{LOOKS[outcome].sign} {outcome}: {name}. {' '.join(why[:3])} {WHERE}")
