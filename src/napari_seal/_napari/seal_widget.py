"""Dock widget "Seal layer...": choose a layer, its metadata and a target, and see what was written.

File > Save seals as well, but only where the person picks our filter in the dialog: there the
chosen filter decides, not the typed name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, PushButton, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_seal._napari.flag import plain_name
from napari_seal._napari.metadata_table import MetadataTable
from napari_seal._napari.user_metadata import metadata_to_json
from napari_seal._napari.writer import check_shape, complete_name, seal_image
from napari_seal._text import printable
from napari_seal.errors import SealError

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image

    from napari_seal import Seal

_FOLDED, _UNFOLDED = "▸ Advanced", "▾ Advanced"
# Characters that one or another file system refuses.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


class SealWidget(Container[Any]):
    """Seal one image layer.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        Whose layers are offered.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        self._viewer = napari_viewer
        self._suggested: Path | None = None
        self._chosen: Image | None = None
        self._folder = Path.home()
        self.layer = ComboBox(
            label="Layer", choices=self._images, nullable=False, tooltip="The image to seal"
        )
        self.quality = SpinBox(
            label="JPEG quality",
            value=90,
            min=1,
            max=100,
            tooltip="90 keeps what an 8-bit picture of a microscope can show; 100 is largest",
        )
        self.target = FileEdit(
            label="Save as", mode="w", filter="*.sealed.jpg", tooltip="Ends in .sealed.jpg"
        )
        self.overwrite = CheckBox(value=False, text="replace an existing file")
        self.moedal = CheckBox(
            value=False,
            text="also write the key sha244",
            tooltip="For the scripts of the MoEDAL collaboration",
        )
        self.seal_button = PushButton(text="Seal")
        super().__init__(widgets=[self.layer, self.quality, self.target], labels=True)
        self._lay_out()
        self.layer.changed.connect(self._layer_chosen)
        self.target.changed.connect(self._show_state)
        self.overwrite.changed.connect(self._show_state)
        self.table.edited.connect(self._show_state)
        self.seal_button.changed.connect(self.seal)
        self._choose_active()
        self._layer_chosen()

    def _lay_out(self) -> None:
        self.table = MetadataTable()
        self.problem = _label()
        self.result = _label()
        # A line of text that folds: superqt's fold draws its arrow black on the dark theme.
        self.advanced = QPushButton(_FOLDED)
        self.advanced.setCheckable(True)
        self.advanced.setFlat(True)
        self.advanced.setStyleSheet("text-align: left; border: none; background: transparent;")
        self.advanced.toggled.connect(self._fold)
        self.moedal.native.setVisible(False)
        layout = self.native.layout()
        self._parts = [
            QLabel("Metadata (sealed with the image)"),
            self.table,
            self.overwrite.native,
            self.advanced,
            self.moedal.native,
            self.seal_button.native,
            self.problem,
            self.result,
        ]
        for part in self._parts:
            layout.addWidget(part, 1 if part is self.table else 0)
        self.native.setMinimumWidth(340)

    def _fold(self, opened: bool) -> None:
        self.advanced.setText(_UNFOLDED if opened else _FOLDED)
        self.moedal.native.setVisible(opened)

    # which layer

    def _images(self, _widget: Any = None) -> list[Image]:
        from napari.layers import Image

        layers = self._viewer.layers if self._viewer is not None else ()
        return [layer for layer in layers if isinstance(layer, Image)]

    def reset_choices(self, *args: Any) -> None:
        """Follow the layer list; napari calls this when it changes."""
        super().reset_choices(*args)
        # The last layer removed is no change of value for magicgui.
        if getattr(self, "_chosen", None) is not self.layer.value:
            self._layer_chosen()

    def _choose_active(self) -> None:
        active = self._viewer.layers.selection.active if self._viewer is not None else None
        if active is not None and active in self.layer.choices:
            self.layer.value = active

    def _layer_chosen(self) -> None:
        layer = self._chosen = self.layer.value
        self.result.clear()
        self._lost: list[str] = []
        if layer is not None:
            known, self._lost = metadata_to_json(layer.metadata)
            self.table.set_metadata(known)
            self._suggest(layer)
        self._show_state()

    def _suggest(self, layer: Image) -> None:
        """Propose a name beside the file that the layer came from, unless one was chosen."""
        if self._suggested is not None and self.target.value != self._suggested:
            self._folder = self.target.value.parent
        elif layer.source.path:
            self._folder = Path(layer.source.path).parent
        name = plain_name(layer.name).translate(_NOT_IN_NAMES).strip(" .") or "image"
        self._suggested = Path(complete_name(str(self._folder / name)))
        self.target.value = self._suggested

    # state

    def _target(self) -> str:
        # FileEdit gives Path(".") where nothing was typed.
        text = str(self.target.value)
        return "" if text in ("", ".") else complete_name(os.path.expanduser(text))

    def _find_problem(self) -> str:
        """What keeps the layer from being sealed, in a sentence; empty if nothing does."""
        layer = self.layer.value
        if layer is None:
            return "Open an image first: there is no image layer."
        try:
            data, meta, _ = layer.as_layer_data_tuple()
            check_shape(data, meta)
            target = self._target()
        except SealError as error:
            return str(error)
        if self.table.problem():
            return self.table.problem()
        if not target:
            return "Choose where to save it."
        if not os.path.isdir(os.path.dirname(target) or "."):
            return f"There is no folder {printable(os.path.dirname(target))}."
        if os.path.exists(target) and not self.overwrite.value:
            name = printable(os.path.basename(target))
            return f'{name} exists. Choose another name, or tick "replace an existing file".'
        return ""

    def _show_state(self) -> None:
        problem = self._find_problem()
        self.seal_button.enabled = not problem
        lines = [f"⚠ {problem}"] if problem else []
        if self._lost:
            lines.append(f"⚠ Not sealed, JSON has no form for: {'; '.join(self._lost)}")
        if not problem and self._target() != str(self.target.value):
            lines.append(f"Will be saved as {printable(os.path.basename(self._target()))}")
        self.problem.setText("\n".join(lines))
        self.problem.setVisible(bool(lines))

    # the work

    def seal(self) -> Seal | None:
        """Seal the chosen layer and show what was written; errors appear in the widget.

        Returns
        -------
        Seal or None
            None where it was refused.
        """
        from qtpy.QtWidgets import QApplication

        layer, target = self.layer.value, self._target()
        if self._find_problem():
            self._show_state()
            return None
        data, meta, _ = layer.as_layer_data_tuple()
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            seal = seal_image(
                target,
                data,
                meta,
                user_metadata=self.table.metadata(),
                quality=int(self.quality.value),
                moedal=bool(self.moedal.value),
                overwrite=bool(self.overwrite.value),
            )
        except SealError as error:
            self.result.clear()
            self.problem.setText(f"⚠ {printable(error)}")
            self.problem.setVisible(True)
            return None
        finally:
            QApplication.restoreOverrideCursor()
        self.overwrite.value = False
        self._show_state()
        # The file that now exists is no obstacle to report: it is the one just made.
        self.problem.setVisible(False)
        self.result.setText(_result_text(target, seal))
        return seal


def _result_text(target: str, seal: Seal) -> str:
    size = os.path.getsize(target)
    identity = str(seal.source.digest).split(":", 1)[-1][:32] if seal.source else "none"
    return f"✓ Sealed: {printable(target)}\n{size / 1000:,.1f} kB, identity {identity}"


def _label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
