"""The part of the dock widget "Seal details" that tells who signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_seal._napari.details.details_parts import TextBlock, heading
from napari_seal._napari.signature_preferences import load_signature_preferences
from napari_seal._napari.signature_words import (
    SIGNATURES,
    signature_of,
    signed_text,
    tone,
)
from napari_seal._napari.theme import ThemeWatch
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import COLOURS, Tone

_WHOM: Final = (
    "Whose keys are trusted is set in Preferences > napari-seal. If you know this signer, compare "
    "the fingerprint with them, and add their public key."
)


class SignaturePart(QWidget):
    """Sign and words, and below them what they mean, where they are not plainly good.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.signed = heading("")
        self.signed.setWordWrap(True)
        self._tone = Tone.MILD
        self._theme = ThemeWatch(self)
        self._theme.changed.connect(self._paint)
        self.meaning = TextBlock("What the signature means")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.signed)
        column.addWidget(self.meaning)

    def show_entry(self, entry: Mapping[str, Any]) -> None:
        """Show what is known; nothing where there is no signature, and none is required.

        Parameters
        ----------
        entry : mapping
            ``layer.metadata["seal"]``.
        """
        state, signer = signature_of(entry)
        required = load_signature_preferences().required
        planes = _planes_text(entry)
        self.setVisible(required or bool(planes) or state is not Signature.NONE)
        self.signed.setText(signed_text(state, signer, required=required))
        self._tone = tone(state, required=required)
        self._paint()
        lines = [] if state in {Signature.NONE, Signature.TRUSTED} else [state.meaning]
        if state is Signature.UNKNOWN_KEY:
            lines.append(_WHOM)
        if planes:
            lines.append(planes)
        self.meaning.show_text("\n".join(lines))

    def _paint(self) -> None:
        colour = COLOURS[self._tone].on(dark=self._theme.dark)
        self.signed.setStyleSheet(f"font-weight: bold; padding: 6px 0px 0px 0px; color: {colour};")


def _planes_text(entry: Mapping[str, Any]) -> str:
    """The signatures of a stack's planes by state, once all were checked and one has any."""
    found = (entry.get("stack") or {}).get("signatures") or {}
    if not set(found) - {"none"}:
        return ""
    parts = (f"{found[state]:,} {state}" for state in SIGNATURES if found.get(state))
    return f"Planes: {', '.join(parts)}"
