"""What is found out about an opened stack, and how its layer and the viewer show it.

Planes are read in threads of dask, and the whole is checked in another.  Both queue what they find;
the window's thread takes it out when a plane is shown, and from time to time while the whole is
being checked.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from napari_seal._napari.flag import flagged_name, show_box, show_name
from napari_seal._napari.layers.stack_values import place_text, say_verdict
from napari_seal._napari.layers.user_metadata import VERDICT_KEY
from napari_seal._napari.opening.opened import data_replaced, overlay_of, remember
from napari_seal._napari.opening.overlays import REGIONS
from napari_seal._napari.opening.stack_mark import PositionMark
from napari_seal._napari.opening.stack_notices import say_checked, say_opened
from napari_seal._napari.opening.stack_position import bad_in_view, in_view
from napari_seal._napari.opening.stack_regions import stack_region_layer
from napari_seal._napari.opening.stack_task import StackTask, later, start_task
from napari_seal._napari.signature_flag import signed_help, signed_sentence
from napari_seal._verify.looks import LOOKS
from napari_seal._verify.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_seal import StackVerdict, Trust
    from napari_seal._verify.stack import OpenStack

Index = tuple[int, ...]
#: Planes that are not intact and are described in the layer's metadata.
DESCRIBED: Final = 1000
_WATCHES: WeakKeyDictionary[Layer, StackWatch] = WeakKeyDictionary()
_GRAVITY: Final = {outcome: number for number, outcome in enumerate(Outcome)}


def watch_of(layer: Layer | None) -> StackWatch | None:
    """Return what watches a layer that was opened from a stack."""
    return None if layer is None else _WATCHES.get(layer)


def watches_of(path: str) -> list[StackWatch]:
    """Return what watches layers that were opened from an index."""
    return [w for w in list(_WATCHES.values()) if os.path.abspath(w.opened.path) == path]


class StackWatch:
    """Collects the verdicts on the planes of one opened stack.

    Parameters
    ----------
    opened : OpenStack
        The stack.
    trust : Trust, optional
        The keys that are trusted; by default the user's own list.

    Attributes
    ----------
    bad : dict of tuple of int to Outcome
        Planes that are not intact, by their index.
    verdicts : dict of tuple of int to Verdict
        The first of them, without their seals.
    task : StackTask or None
        What checks the whole.
    signature : Signature
        That of the index; after the check of the whole, the gravest.
    changed, progressed : Signal
        In the window's thread: something new was found; more planes were looked at.
    """

    changed = Signal()
    progressed = Signal()

    def __init__(self, opened: OpenStack, trust: Trust | None = None) -> None:
        self.opened = opened
        self.trust = trust
        self.bad: dict[Index, Outcome] = {}
        self.verdicts: dict[Index, Verdict] = {}
        self.task: StackTask | None = None
        self.final = False
        self.signature = opened.verdict.signature
        self._queue: deque[tuple[Index, Verdict]] = deque()
        self._layer: ref[Layer] | None = None
        self._viewer: ref[Any] | None = None
        self._help = ""
        self._fresh: Callable[[], Any] = lambda: None
        self._mark = PositionMark()
        self._has_picture: set[Index] = set()
        self._boxed: set[Index] = set()

    # in any thread

    def see(self, index: Index, verdict: Verdict) -> None:
        """Note the verdict on a plane."""
        if not verdict.intact or index in self.bad:
            self._queue.append((index, verdict))

    def first_gap(self) -> tuple[Index, Outcome] | None:
        """The first plane that was found to have no picture, so that it is shown black."""
        found = dict(self.bad)
        for index, verdict in self._queue.copy():
            found[index] = verdict.verdict
        for index, outcome in sorted(found.items()):
            if outcome is Outcome.INTACT or index in self._has_picture:
                continue
            image, _ = self.opened.plane(index)
            shape, dtype = self.opened.stack.plane_shape, self.opened.dtype
            if image is None or image.shape != shape or image.dtype != dtype:
                return index, outcome
            self._has_picture.add(index)
        return None

    # in the window's thread

    @property
    def layer(self) -> Layer | None:
        """The layer of the stack, as long as it lives."""
        return None if self._layer is None else self._layer()

    @property
    def outcome(self) -> Outcome:
        """The gravest verdict on the index and on the planes, as far as they were looked at."""
        found = {self.opened.verdict.verdict, *self.bad.values()}
        if self.task is not None and self.task.outcome is not None:
            found.add(self.task.outcome)
        return max(found, key=_GRAVITY.__getitem__)

    def follow(self, layer: Layer, fresh: Callable[[], Any]) -> None:
        """Watch the layer that was made of the stack.

        Parameters
        ----------
        layer : napari.layers.Layer
            The layer.
        fresh : callable
            Makes its data anew, so that each plane is read again.
        """
        self._layer, self._fresh = ref(layer), fresh
        _WATCHES[layer] = self
        layer.events.set_data.connect(self._plane_shown)
        layer.events.visible.connect(self._show_position)
        layer.events.help.connect(self._put_help_first)
        self.take()
        self._show_verdict()

    def announce(self, notes: list[str]) -> None:
        """Say what is known on opening."""
        say_opened(self.opened, self._signed(), notes)

    def attach(self, viewer: Any) -> None:
        """Show in a viewer what is found, and begin to check the whole.

        Parameters
        ----------
        viewer : napari.viewer.Viewer or napari.components.ViewerModel
            In whose list the layer is.
        """
        # A widget has a proxy of it, which lives no longer than the widget.
        viewer = getattr(viewer, "__wrapped__", viewer)
        if self._viewer is not None and self._viewer() is viewer:
            return
        self._viewer = ref(viewer)
        viewer.dims.events.connect(self._show_position)
        viewer.layers.events.removed.connect(self._removed)
        self.task = start_task(self, viewer)
        self._show_verdict()
        self._show_position()

    def check_again(self) -> None:
        """Check the whole once more, as after files were put back."""
        viewer, layer = self.viewer, self.layer
        if viewer is None or layer is None:
            return
        self.stop()
        self._queue.clear()
        self.bad.clear()
        self.verdicts.clear()
        self.final = False
        # What dask has in its cache was read before.
        if not data_replaced(layer):
            layer.data = self._fresh()
            remember(layer, None)
        self.task = start_task(self, viewer)
        self._show_verdict()
        self._show_position()

    @property
    def viewer(self) -> Any:
        """The viewer in which the layer is, or None."""
        return None if self._viewer is None else self._viewer()

    def stop(self) -> None:
        """End the check of the whole."""
        if self.task is not None:
            self.task.cancel()

    def take(self) -> None:
        """Take out what was found since, and show it."""
        new = False
        while self._queue:
            new |= self._note(*self._queue[0])
            self._queue.popleft()  # now: `first_gap` finds it here or there
        if new:
            self._show_verdict()
            self._show_position()

    def _note(self, index: Index, verdict: Verdict) -> bool:
        """Keep the verdict on a plane; return whether it is another one than before."""
        if verdict.intact:  # it was put right since
            self.verdicts.pop(index, None)
            return self.bad.pop(index, None) is not None
        new = self.bad.get(index) is not verdict.verdict
        self.bad[index] = verdict.verdict
        if len(self.verdicts) < DESCRIBED or index in self.verdicts:
            self.verdicts[index] = verdict
        return new

    def progress(self) -> None:
        """More planes were looked at."""
        layer = self.layer
        if layer is not None and self.task is not None:
            layer.metadata[VERDICT_KEY]["stack"]["checked"] = self.task.checked
            self._put_help_first()
            self.progressed.emit()

    def finish(self, found: StackVerdict | None) -> None:
        """The check of the whole has ended; with a verdict, it has come to its end."""
        self.take()
        self.final = found is not None
        layer = self.layer
        if layer is not None and found is not None:
            self.signature = found.signature
            entry = layer.metadata[VERDICT_KEY]
            entry["reasons"] = [reason.as_dict() for reason in found.reasons]
            entry["stack"]["signatures"] = {str(s): n for s, n in found.signatures.items()}
        self._show_verdict()
        self._show_position()
        self._draw_regions()
        if self.final and layer is not None:
            self._say_how_it_ended(layer)

    def _say_how_it_ended(self, layer: Layer) -> None:
        why = [reason["message"] for reason in layer.metadata[VERDICT_KEY]["reasons"]]
        say_checked(self.opened, self.outcome, self.signature, self._signed(), why)

    @property
    def _signer(self) -> str | None:
        index = self.opened.verdict
        return index.signer if self.signature is index.signature else None

    def _signed(self) -> str:
        return signed_sentence(self.signature, self._signer)

    # what is shown

    def _show_verdict(self) -> None:
        """On the layer: its name, the words on the canvas, the help, and the metadata."""
        layer = self.layer
        if layer is None:
            return
        outcome = self.outcome
        entry = layer.metadata[VERDICT_KEY]
        say_verdict(entry, outcome, final=self.final, bad=len(self.bad))
        entry["stack"]["checked"] = 0 if self.task is None else self.task.checked
        entry["stack"]["bad"] = [
            {"index": list(index), **verdict.as_dict()} for index, verdict in self._sorted()
        ]
        name = flagged_name(layer.name, outcome, stack=True)
        if name != layer.name:
            layer.name = name
        if outcome is not Outcome.INTACT:
            show_name(layer, outcome)
            layer.opacity = 1  # a faint layer would hide what is marked on it
        else:
            layer.name_overlay.visible = False
        self._put_help_first()
        self.changed.emit()

    def _sorted(self) -> list[tuple[Index, Verdict]]:
        return sorted(self.verdicts.items())

    @property
    def state(self) -> str:
        """How far the check of the whole is, in a few words."""
        sign, count = LOOKS[self.outcome].sign, self.opened.stack.count
        if self.final and self.outcome is Outcome.INTACT:
            signed = signed_help(self.signature, self._signer)
            return f"{sign} all {count:,} planes verified" + (f", {signed}" if signed else "")
        if self.bad:
            return f"{sign} {len(self.bad):,} of {count:,} planes not intact"
        if self.outcome is not Outcome.INTACT:
            return f"{sign} {self.outcome}"
        if self.task is not None and self.task.running:
            return f"{self.task.checked:,} of {count:,} planes verified"
        return "planes are verified when they are shown"

    def _put_help_first(self, _event: Any = None) -> None:
        """Before napari's own words in the corner of the status bar."""
        layer = self.layer
        if layer is None or layer.help.startswith(self.state):
            return
        own = layer.help.removeprefix(self._help).removeprefix(" · ") if self._help else layer.help
        self._help = self.state
        layer.help = f"{self._help} · {own}" if own else self._help
        viewer = self.viewer  # which looks at its active layer only when that or its mode changes
        if viewer is not None and viewer.layers.selection.active is layer:
            viewer.help = layer.help

    def _plane_shown(self, _event: Any = None) -> None:
        """The layer was sliced: planes were read, perhaps for the first time."""
        if self._viewer is None:
            self._find_viewer()
        self.take()
        self._show_position()

    def _find_viewer(self) -> None:
        """Napari does not tell a reader for which viewer it reads."""
        import napari

        viewer, layer = napari.current_viewer(), self.layer
        if viewer is not None and layer is not None and layer in viewer.layers:
            self.attach(viewer)

    def _show_position(self, _event: Any = None) -> None:
        """Mark the canvas while a plane is shown that is not intact."""
        viewer, layer = self.viewer, self.layer
        if viewer is None or layer is None or layer not in viewer.layers:
            return
        shown = list(self._bad_in_view(viewer, layer)) if layer.visible else []
        outcome = max((o for _, o in shown), key=_GRAVITY.__getitem__, default=Outcome.INTACT)
        show_box(layer, outcome)
        if not shown:
            self._mark.hide(viewer)
            return
        worst = next(index for index, found in shown if found is outcome)
        place = place_text(self.opened.stack.plane_axes, worst)
        self._mark.show(viewer, outcome, place, more=len(shown) - 1)
        if any(index not in self._boxed and self._has_regions(index) for index, _ in shown):
            # Not now: the viewer is in the middle of drawing another plane.
            later(self._draw_regions)

    def _has_regions(self, index: Index) -> bool:
        return index in self.verdicts and bool(self.verdicts[index].regions)

    def _draw_regions(self) -> None:
        """Put boxes around what was changed, each in its plane, on a layer above."""
        viewer, layer = self.viewer, self.layer
        if viewer is None or layer is None or layer not in viewer.layers:
            return
        boxed = {index for index in self.verdicts if self._has_regions(index)}
        if boxed == self._boxed:
            return
        self._boxed = boxed
        old = overlay_of(viewer.layers, layer, REGIONS)
        # While somebody works, the layer that is worked on stays the active one.
        active = viewer.layers.selection.active
        if old is not None:
            viewer.layers.remove(old)
        if boxed:
            viewer.add_layer(stack_region_layer(layer, self.verdicts))
        viewer.layers.selection.active = layer if active is old else active

    def _bad_in_view(self, viewer: Any, layer: Layer) -> Iterator[tuple[Index, Outcome]]:
        return bad_in_view(self.bad, in_view(viewer, layer, self.opened.grid))

    def _removed(self, event: Any) -> None:
        """The layer was taken out of the list, or the viewer is closing."""
        if event.value is not self.layer:
            return
        self.stop()
        viewer = self.viewer
        if viewer is not None:
            self._mark.remove(viewer)
            viewer.dims.events.disconnect(self._show_position)
            viewer.layers.events.removed.disconnect(self._removed)
        self._viewer = None
