"""The words on the canvas while a plane is shown that is not intact."""

from __future__ import annotations

from typing import Any

from napari_seal._napari.flag import FLAGS, dress
from napari_seal._verify.verdict import Outcome


class PositionMark:
    """Words in the corner of the canvas, above the name of the layer; one for each stack."""

    @property
    def _key(self) -> str:
        return f"seal_{id(self)}"

    def show(self, viewer: Any, outcome: Outcome, place: str, *, more: int) -> None:
        """Say what is wrong with the plane that is shown.

        Parameters
        ----------
        viewer : napari.viewer.Viewer or napari.components.ViewerModel
            On its canvas.
        outcome : Outcome
            The gravest of those in view.
        place : str
            The position of that plane.
        more : int
            Number of other planes in view that are not intact.
        """
        from napari.components.overlays import TextOverlay

        overlays = viewer.canvas.overlays
        if self._key not in overlays:
            overlays[self._key] = TextOverlay(position="top_left", visible=False)
        overlay, flag = overlays[self._key], FLAGS[outcome]
        dress(overlay, outcome)
        others = f", and {more:,} more in view" if more else ""
        overlay.text = f"{flag.symbol} {flag.words}: {place}{others}"
        overlay.visible = True

    def hide(self, viewer: Any) -> None:
        """The plane that is shown is not known to be other than it was sealed."""
        if self._key in viewer.canvas.overlays:
            viewer.canvas.overlays[self._key].visible = False

    def remove(self, viewer: Any) -> None:
        """Leave the canvas as it was."""
        viewer.canvas.overlays.pop(self._key, None)
