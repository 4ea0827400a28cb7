"""Dock widget "Seal layer...": choose a layer, its metadata and a target, and see what was written.

File > Save seals as well, but only where the person picks our filter in the dialog: there the
chosen filter decides, not the typed name.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_seal._napari.close_guard import CloseGuard
from napari_seal._napari.layers.names import EXTENSIONS, LOSSLESS, our_extension, stack_folder
from napari_seal._napari.opening.opened import picture_of, sealable
from napari_seal._napari.preferences import (
    FORMATS,
    IMAGE_WINDOWS,
    STACK_WINDOWS,
    Preferences,
    follow,
    preferences_and_problem,
    unfollow,
)
from napari_seal._napari.saving.layer_data import check_layer, data_of, is_stack
from napari_seal._napari.saving.seal_draft import Draft, new_draft, read_metadata
from napari_seal._napari.saving.seal_form import SealForm, show
from napari_seal._napari.saving.seal_target import ask_for_path, full_path, is_taken, suggest_path
from napari_seal._napari.saving.seal_text import result_text, stack_text, what_to_do
from napari_seal._napari.saving.sealing import seal_layer
from napari_seal._napari.saving.shown_progress import cancelled
from napari_seal._napari.task import in_words
from napari_seal._text import printable
from napari_seal.errors import SealError

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Layer

    from napari_seal import Seal
    from napari_seal._format.stack import Stack

_AGAIN = 'To seal it again, choose another name or tick "replace an existing file".'


class SealWidget(SealForm):
    """Seal one layer of an image or of labels.

    What the person writes into the table and the target is kept for each layer as long as the layer
    lives, whatever happens to its name and its place in the list.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        Whose layers are offered.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        self._viewer = napari_viewer
        self._drafts: WeakKeyDictionary[Layer, Draft] = WeakKeyDictionary()
        self._chosen: Layer | None = None
        self._lost: list[str] = []
        # Where the person put a file last; new suggestions go there.
        self._folder = ""
        # The file that may be replaced, and whether the one that stands there was just made.
        self._agreed = ""
        self._just_sealed = False
        self._preferences, self._unset = preferences_and_problem()
        # Of what is being written.
        self._writing = self._cancelled = False
        super().__init__(self._layers, self._preferences)
        self._guard = CloseGuard(self.native, self._close)
        self.layer.changed.connect(self._layer_chosen)
        self.format.changed.connect(self._format_chosen)
        for part in (self.quality, self.target, self.moedal, self.window, self.stack_window):
            part.changed.connect(self._edited)
        self.table.edited.connect(self._edited)
        self.signing.changed.connect(self._show_state)
        self.overwrite.changed.connect(self._agree)
        # In place of magicgui's own dialog, which does not tell what the person agreed to in it.
        self.target.choose_btn.changed.disconnect()
        self.target.choose_btn.changed.connect(self._choose_file)
        self.seal_button.changed.connect(self._pressed)
        follow("sealing", self._set_anew)
        self._choose_active()
        self._layer_chosen()

    def _set_anew(self, _event: Any = None) -> None:
        """Take over the metadata of every seal; the fields stay as the person left them."""
        found, self._unset = preferences_and_problem()
        if found.metadata != self._preferences.metadata:
            self._preferences = replace(self._preferences, metadata=found.metadata)
            self._put_away()
            self._bring_out()
        self._show_state()

    # which layer

    def _layers(self, _widget: Any = None) -> list[Layer]:
        return sealable(self._viewer.layers if self._viewer is not None else ())

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
            show(self.result, "")
            self._bring_out()
            self._follow_layer()
        self._follow_name()
        self._show_state()

    def _follow_layer(self) -> None:
        """Show what the chosen layer has: a stack has another window, and no key of one file."""
        self.is_stack = self._chosen is not None and is_stack(*data_of(self._chosen))
        self.show_advanced()

    def _draft(self) -> Draft | None:
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
        loaded, self._lost = read_metadata(layer, self._preferences.metadata)
        draft = self._drafts.get(layer)
        if draft is None:
            draft = self._drafts[layer] = new_draft(
                layer, loaded, self._folder, EXTENSIONS[self._preferences.format]
            )
        if draft.rows == draft.loaded:
            draft.rows = loaded
        draft.loaded = loaded
        self.table.set_texts(draft.rows)
        self.target.line_edit.value = draft.target

    def _follow_name(self) -> None:
        """Let a suggestion that nobody changed follow the layer's new name."""
        layer, draft = self._chosen, self._draft()
        if layer is None or draft is None or self._typed() != draft.suggested:
            return
        suggested = suggest_path(
            layer.name, os.path.dirname(draft.suggested), our_extension(draft.suggested)
        )
        if suggested != draft.suggested:
            draft.suggested = draft.target = self.target.line_edit.value = suggested

    # where to

    def _typed(self) -> str:
        return str(self.target.line_edit.value).strip()

    def _target(self) -> str:
        return full_path(
            self._typed(), self._near(), EXTENSIONS[self.format_name], stack=self.is_stack
        )

    def _target_or_none(self) -> str:
        try:
            return self._target()
        except SealError:
            return ""

    def _near(self) -> str:
        draft = self._draft()
        return draft.near if draft is not None else str(Path.home())

    def _format_chosen(self) -> None:
        """Let the name end as the format does."""
        typed, extension = self._typed(), EXTENSIONS[self.format_name]
        ours = our_extension(os.path.basename(typed))
        if ours and ours != extension:
            self.target.line_edit.value = typed[: len(typed) - len(ours)] + extension
        self._edited()

    def _follow_extension(self) -> None:
        """Let the format be that of the name."""
        ours = our_extension(os.path.basename(self._typed()))
        if ours and ours != EXTENSIONS[self.format_name]:
            with self.format.changed.blocked():
                self.format.value = next(
                    text for text, name in FORMATS.items() if EXTENSIONS[name] == ours
                )

    def _note_folder(self) -> None:
        """Take the folder of the target for names without one; another than proposed, for all."""
        draft, folder = self._draft(), os.path.dirname(self._target_or_none())
        if draft is None or not os.path.isdir(folder):
            return
        draft.near = folder
        if folder != os.path.dirname(draft.suggested):
            self._folder = folder

    def _choose_file(self) -> None:
        path, agreed = ask_for_path(
            self.native, self._near(), self._target_or_none(), EXTENSIONS[self.format_name]
        )
        if path:
            self.target.line_edit.value = path
            self._note_folder()
            # After the name: the box holds for one name only.
            self.overwrite.value = agreed
        # Also where nothing was chosen: in a dialog files can be renamed and deleted.
        self._show_state()

    def _agree(self, ticked: bool) -> None:
        self._agreed = self._target_or_none() if ticked else ""
        self._edited()

    # state

    def _edited(self) -> None:
        """Look again at everything after any change; the box holds for one name only."""
        self._just_sealed = False
        self._follow_extension()
        if self.overwrite.value and self._target_or_none() != self._agreed:
            self.overwrite.value = False
        self._show_state()

    def _find_problem(self) -> str:
        """What keeps the layer from being sealed, in a sentence; empty if nothing does."""
        layer = self.layer.value
        if layer is None:
            return "Open an image first: there is no layer of an image or of labels."
        try:
            data, meta = data_of(layer)
            check_layer(data, meta, lossless=our_extension(self._target()) == LOSSLESS)
            target = self._target()
        except SealError as error:
            return str(error)
        if self.table.problem():
            return self.table.problem()
        if not target:
            return "Choose where to save it."
        if not os.path.isdir(os.path.dirname(target)):
            return (
                f"There is no folder {printable(os.path.dirname(target))}. Make it, or choose "
                "another under Select file."
            )
        if is_taken(target, stack=self.is_stack) and not self.overwrite.value:
            if self._just_sealed:
                return _AGAIN
            made = stack_folder(target) if self.is_stack else target
            name = os.path.basename(made) if target == self._typed() else made
            return (
                f"{printable(name)} exists. Choose another name, or tick "
                '"replace an existing file".'
            )
        return ""

    def _show_state(self) -> None:
        if self._writing:
            return
        problem, target = self._find_problem(), self._target_or_none()
        self.enable(True)
        self.seal_button.enabled = not problem
        lines = []
        if problem:
            lines.append(problem if problem == _AGAIN else f"⚠ {problem}")
        lines += filter(None, [self._unset and f"⚠ {self._unset}"])
        if self._lost:
            lines.append(f"⚠ Not sealed, JSON has no form for: {'; '.join(self._lost)}")
        if self.table.note():
            lines.append(self.table.note())
        if not problem and self.is_stack:
            lines.append(stack_text(self.layer.value, target, anew=bool(self.overwrite.value)))
        elif not problem and target != self._typed():
            lines.append(f"Will be saved as {printable(target)}")
        self.show_problem("\n".join(lines), awaited=False)

    # the work

    def _pressed(self) -> None:
        if self._writing:
            self._cancel()
        else:
            self.seal()

    def _cancel(self) -> None:
        self._cancelled = True
        self.seal_button.enabled = False
        self.progress.setFormat("Cancelling…")

    def _close(self) -> None:
        self._cancelled = True
        self.signing.let_go()
        unfollow("sealing", self._set_anew)

    def seal(self) -> Seal | Stack | None:
        """Seal the chosen layer and show what was written; errors appear in the widget.

        Returns
        -------
        Seal, Stack or None
            None where it was refused or cancelled.
        """
        if self._writing or self._find_problem():
            self._show_state()
            return None
        target = self._target()
        # Of an earlier file: it must not stand below a refusal of this one.
        show(self.result, "")
        try:
            key = self.signing.key()
        except SealError as error:
            self.show_problem(f"⚠ {what_to_do(error)}")
            return None
        self._writing, self._cancelled = True, False
        self.show_writing(True)
        problem = ""
        try:
            _, sealed = seal_layer(
                target,
                *data_of(self.layer.value),
                preferences=self._wanted(),
                key=key,
                user_metadata=self.table.metadata(),
                moedal=bool(self.moedal.value),
                overwrite=bool(self.overwrite.value),
                progress=self._progress,
            )
        except SealError as error:
            problem = f"⚠ {what_to_do(error)}"
            return None
        except Exception as error:
            # Of whatever computes the layer's data; napari shows where it comes from.
            problem = f"⚠ Not sealed: {printable(in_words(error))}"
            raise
        finally:
            self._writing = False
            if not self._guard.closed:
                self.show_writing(False)
                self._show_state()
                if problem:
                    self.show_problem(problem)
        if self._guard.closed:
            return sealed
        self.overwrite.value = False
        self._note_folder()
        # The file that now exists is no obstacle to warn of: it is the one just made.
        self._just_sealed = True
        self.show_result(result_text(target, sealed))
        self._show_state()
        return sealed

    def _wanted(self) -> Preferences:
        return replace(
            self._preferences,
            quality=int(self.quality.value),
            type_range=self.window.value == IMAGE_WINDOWS[1],
            plane_windows=self.stack_window.value == STACK_WINDOWS[1],
        )

    def _progress(self, done: int, total: int) -> None:
        """Show how far it is; in the window's thread."""
        if not self._cancelled and not self._guard.closed:
            self.show_progress(done, total)
        if self._cancelled:
            name = os.path.basename(self._target_or_none())
            raise cancelled(name, done, total, stack=self.is_stack, verb="Seal")
