"""Dock widget "Seal layer...": choose a layer, its metadata and a target, and see what was written.

File > Save seals as well, but only where the person picks our filter in the dialog: there the
chosen filter decides, not the typed name.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, PushButton, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_seal._napari.metadata_table import MetadataTable, value_text
from napari_seal._napari.opened import picture_of, pictures
from napari_seal._napari.seal_target import ask_for_path, full_path, suggest_path
from napari_seal._napari.user_metadata import metadata_to_json
from napari_seal._napari.writer import check_shape, seal_image
from napari_seal._text import printable
from napari_seal.errors import SealError

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image

    from napari_seal import Seal

_FOLDED, _UNFOLDED = "▸ Advanced", "▾ Advanced"
_AGAIN = 'To seal it again, choose another name or tick "replace an existing file".'


@dataclass(slots=True)
class _Draft:
    """What the widget knows of one layer, also while another one is chosen.

    Parameters
    ----------
    loaded, rows : list of (str, str)
        The table as the layer's own metadata fill it, and as it was left.
    suggested, target : str
        The file that was proposed, and what was left in the field.
    near : str
        Folder of the last file that was chosen or sealed, at first of the proposed one.
    """

    loaded: list[tuple[str, str]]
    rows: list[tuple[str, str]]
    suggested: str
    target: str
    near: str


class SealWidget(Container[Any]):
    """Seal one image layer.

    What the person writes into the table and the target is kept for each layer as long as the layer
    lives, whatever happens to its name and its place in the list.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        Whose layers are offered.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        self._viewer = napari_viewer
        self._drafts: WeakKeyDictionary[Image, _Draft] = WeakKeyDictionary()
        self._chosen: Image | None = None
        self._lost: list[str] = []
        # Where the person put a file last; new suggestions go there.
        self._folder = ""
        # The file that may be replaced, and whether the one that stands there was just made.
        self._agreed = ""
        self._just_sealed = False
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
        self.overwrite = CheckBox(
            value=False,
            text="replace an existing file",
            tooltip="Holds for the name above, and for one time",
        )
        self.moedal = CheckBox(
            value=False,
            text="also write the key sha244",
            tooltip="For the scripts of the MoEDAL collaboration",
        )
        self.seal_button = PushButton(text="Seal")
        super().__init__(widgets=[self.layer, self.quality, self.target], labels=True)
        self._lay_out()
        self.layer.changed.connect(self._layer_chosen)
        for part in (self.quality, self.target, self.moedal):
            part.changed.connect(self._edited)
        self.table.edited.connect(self._edited)
        self.overwrite.changed.connect(self._agree)
        # In place of magicgui's own dialog, which does not tell what the person agreed to in it.
        self.target.choose_btn.changed.disconnect()
        self.target.choose_btn.changed.connect(self._choose_file)
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
            self.result,
            self.problem,
        ]
        for part in self._parts:
            layout.addWidget(part, 1 if part is self.table else 0)
        self.native.setMinimumWidth(340)

    def _fold(self, opened: bool) -> None:
        self.advanced.setText(_UNFOLDED if opened else _FOLDED)
        self.moedal.native.setVisible(opened)

    # which layer

    def _images(self, _widget: Any = None) -> list[Image]:
        return pictures(self._viewer.layers if self._viewer is not None else ())

    def reset_choices(self, *args: Any) -> None:
        """Follow the layer list; napari calls this when it changes."""
        # magicgui knows a choice by its text: after a rename it would choose another layer.
        with self.layer.changed.blocked():
            super().reset_choices(*args)
            if self._chosen is not None and self._chosen in self.layer.choices:
                self.layer.value = self._chosen
        self._layer_chosen()

    def _choose_active(self) -> None:
        layers = self._viewer.layers if self._viewer is not None else None
        # While the boxes around what was changed are active, their picture is meant.
        active = picture_of(layers, layers.selection.active) if layers is not None else None
        if active is not None and active in self.layer.choices:
            self.layer.value = active

    def _layer_chosen(self) -> None:
        layer = self.layer.value
        if layer is not self._chosen:
            self._put_away()
            self._chosen = layer
            self.overwrite.value = False
            self._just_sealed = False
            _show(self.result, "")
            self._bring_out()
        self._follow_name()
        self._show_state()

    def _draft(self) -> _Draft | None:
        return None if self._chosen is None else self._drafts.get(self._chosen)

    def _put_away(self) -> None:
        """Keep what was written for the layer that is left."""
        draft = self._draft()
        if draft is None:
            return
        draft.rows, draft.target = self.table.texts(), self._typed()
        self._note_folder()

    def _bring_out(self) -> None:
        """Show what was written for the chosen layer, or else its own metadata and a suggestion."""
        layer = self._chosen
        if layer is None:
            self._lost = []
            self.table.set_texts([])
            self.target.line_edit.value = ""
            return
        loaded = self._read_metadata(layer)
        draft = self._drafts.get(layer)
        if draft is None:
            suggested = self._suggest(layer)
            draft = self._drafts[layer] = _Draft(
                loaded=loaded,
                rows=loaded,
                suggested=suggested,
                target=suggested,
                near=os.path.dirname(suggested),
            )
        if draft.rows == draft.loaded:
            draft.rows = loaded
        draft.loaded = loaded
        self.table.set_texts(draft.rows)
        self.target.line_edit.value = draft.target

    def _read_metadata(self, layer: Image) -> list[tuple[str, str]]:
        known, self._lost = metadata_to_json(layer.metadata)
        rows = []
        for key, value in known.items():
            try:
                rows.append((key, value_text(value)))
            except ValueError as error:
                self._lost.append(f"{printable(key, 60)} ({error})")
        return rows

    def _suggest(self, layer: Image) -> str:
        """Propose a file where one was put last, or beside the file that the layer came from."""
        source = layer.source.path
        beside = Path(source).parent if source else Path.home()
        return suggest_path(layer.name, self._folder or str(beside))

    def _follow_name(self) -> None:
        """Let a suggestion that nobody changed follow the layer's new name."""
        layer, draft = self._chosen, self._draft()
        if layer is None or draft is None or self._typed() != draft.suggested:
            return
        suggested = suggest_path(layer.name, os.path.dirname(draft.suggested))
        if suggested != draft.suggested:
            draft.suggested = draft.target = self.target.line_edit.value = suggested

    # where to

    def _typed(self) -> str:
        return str(self.target.line_edit.value).strip()

    def _target(self) -> str:
        return full_path(self._typed(), self._near())

    def _target_or_none(self) -> str:
        try:
            return self._target()
        except SealError:
            return ""

    def _near(self) -> str:
        draft = self._draft()
        return draft.near if draft is not None else str(Path.home())

    def _note_folder(self) -> None:
        """Take the folder of the target for names without one; another than proposed, for all."""
        draft, folder = self._draft(), os.path.dirname(self._target_or_none())
        if draft is None or not os.path.isdir(folder):
            return
        draft.near = folder
        if folder != os.path.dirname(draft.suggested):
            self._folder = folder

    def _choose_file(self) -> None:
        path, replace = ask_for_path(self.native, self._near(), self._target_or_none())
        if path:
            self.target.line_edit.value = path
            self._note_folder()
            # After the name: the box holds for one name only.
            self.overwrite.value = replace
        # Also where nothing was chosen: in a dialog files can be renamed and deleted.
        self._show_state()

    def _agree(self, ticked: bool) -> None:
        self._agreed = self._target_or_none() if ticked else ""
        self._edited()

    # state

    def _edited(self) -> None:
        """Look again at everything after any change; the box holds for one name only."""
        self._just_sealed = False
        if self.overwrite.value and self._target_or_none() != self._agreed:
            self.overwrite.value = False
        self._show_state()

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
        if not os.path.isdir(os.path.dirname(target)):
            return f"There is no folder {printable(os.path.dirname(target))}."
        if os.path.lexists(target) and not self.overwrite.value:
            if self._just_sealed:
                return _AGAIN
            name = os.path.basename(target) if target == self._typed() else target
            return (
                f"{printable(name)} exists. Choose another name, or tick "
                '"replace an existing file".'
            )
        return ""

    def _show_state(self) -> None:
        problem, target = self._find_problem(), self._target_or_none()
        self.seal_button.enabled = not problem
        lines = []
        if problem:
            lines.append(problem if problem == _AGAIN else f"⚠ {problem}")
        if self._lost:
            lines.append(f"⚠ Not sealed, JSON has no form for: {'; '.join(self._lost)}")
        if self.table.note():
            lines.append(self.table.note())
        if not problem and target != self._typed():
            lines.append(f"Will be saved as {printable(target)}")
        _show(self.problem, "\n".join(lines))

    # the work

    def seal(self) -> Seal | None:
        """Seal the chosen layer and show what was written; errors appear in the widget.

        Returns
        -------
        Seal or None
            None where it was refused.
        """
        from qtpy.QtWidgets import QApplication

        if self._find_problem():
            self._show_state()
            return None
        target = self._target()
        data, meta, _ = self.layer.value.as_layer_data_tuple()
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
            _show(self.result, "")
            _show(self.problem, f"⚠ {printable(error)}")
            return None
        finally:
            QApplication.restoreOverrideCursor()
        self.overwrite.value = False
        self._note_folder()
        # The file that now exists is no obstacle to warn of: it is the one just made.
        self._just_sealed = True
        _show(self.result, _result_text(target, seal))
        self._show_state()
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
    # A long file name must not push the picture aside; the tooltip has the whole of it.
    label.setMinimumWidth(1)
    return label


def _show(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setToolTip(f"<p>{html.escape(text)}</p>" if text else "")
    label.setVisible(bool(text))
