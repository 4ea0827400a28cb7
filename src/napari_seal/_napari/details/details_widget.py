"""Dock widget "Seal details": all that is known about the picture that is selected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, Container, PushButton
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QVBoxLayout, QWidget

from napari_seal._napari.close_guard import CloseGuard
from napari_seal._napari.details.details_parts import TextBlock, TwoColumns, heading
from napari_seal._napari.details.details_signature import SignaturePart
from napari_seal._napari.details.details_stack import StackPart, where_text
from napari_seal._napari.details.thumbnails import Thumbnails
from napari_seal._napari.dock_page import DockPage
from napari_seal._napari.flag import FLAGS, stack_words
from napari_seal._napari.layers.seal_values import metadata_lines, seal_lines
from napari_seal._napari.layers.stack_values import NOT_CHECKED
from napari_seal._napari.layers.user_metadata import VERDICT_KEY, opened_verdict
from napari_seal._napari.opening.focus import look_at
from napari_seal._napari.opening.opened import (
    data_replaced,
    means_of,
    overlay_of,
    picture_of,
    scores_of,
    sealable,
)
from napari_seal._napari.opening.overlays import REGIONS, SCORES, region_text, score_layer
from napari_seal._napari.opening.stack_watch import StackWatch, watch_of
from napari_seal._napari.theme import ThemeWatch
from napari_seal._text import printable
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Layer

    from napari_seal._verify.change.score_map import ScoreMap

_EMPTY = (
    "Select a picture in the layer list: here you read whether it is as it was sealed, where it "
    "is not, and what its seal says.\n\n"
    "File > IO Utilities > Open and verify... opens any JPEG or PNG together with its verdict. "
    "To look around, File > Open Sample > napari-seal has an intact picture and an altered one."
)
_NO_IMAGE = (
    "This layer is neither an image nor labels, and only these are sealed. Select one of them in "
    "the layer list."
)
_TO_SEAL = (
    "If you trust the picture as it is, seal it now: File > IO Utilities > Seal layer... From "
    "then on, changes are noticed."
)
_NO_PICTURE = "The picture on which this layer lies is no longer in the layer list."
_NOT_OURS = (
    "This layer was not opened by napari-seal, so its seal, if it has one, was not checked: "
    "nothing is known about changes."
)
_WHAT_TO_DO = (
    "To check a file, open it with File > IO Utilities > Open and verify... "
    "To seal this layer, use Seal layer... in the same menu."
)
_REPLACED = (
    "⚠ The data of this layer were replaced since; the verdict is about the file. To see the file, "
    "open it again."
)
_CLAIM = "What the seal says (a claim, since the file is not intact)"
# Of the page.
_WIDTH = 340
# By so much the verdict is larger than the text.
_TITLE = 1.3
# Regions in view without scrolling.
_ROWS = 5
_DIGEST = re.compile(r"\b([a-z0-9_-]+:[0-9a-f]{20})[0-9a-f]{12,}\b")


class SealDetails(Container[Any]):
    """Verdict, reasons, changed regions and seal of the active layer.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer, optional
        Whose active layer is followed.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer | None = None) -> None:
        self._viewer = napari_viewer
        self._picture: Layer | None = None
        self._map: Layer | None = None
        self._stack_watch: StackWatch | None = None
        self.strength = CheckBox(
            value=False,
            text="show how strongly each tile changed",
            tooltip="A layer over the picture: violet below the threshold, orange to yellow above",
        )
        self.check = PushButton(
            text="Check the file of this layer",
            tooltip="Opens it once more, together with the verdict on its seal",
        )
        super().__init__(labels=False)
        self._lay_out()
        self._tone: Tone | None = None
        self._theme = ThemeWatch(self.native)
        self._theme.settled.connect(self._paint_title)
        self.strength.changed.connect(self._show_map)
        self.check.changed.connect(self._check_file)
        self.regions.itemClicked.connect(lambda _item: self._go())
        self.regions.itemActivated.connect(lambda _item: self._go())
        if napari_viewer is not None:
            layers = napari_viewer.layers
            self._followed = [
                layers.selection.events.active,
                layers.events.inserted,
                layers.events.removed,
            ]
            for event in self._followed:
                event.connect(self._follow)
            self._guard = CloseGuard(self.native, self._let_go)
        self._follow()

    def _lay_out(self) -> None:
        # Verdict, where, why, seal: from what everybody wants to know to what few do.
        self.verdict = heading("")
        self.file, self.meaning = TextBlock("File"), TextBlock("Verdict")
        self.reasons = TextBlock("Reasons")
        self.regions = QListWidget()
        self.regions.setAccessibleName("Changed regions")
        self.regions.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.regions.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.pictures = Thumbnails()
        self.signature = SignaturePart()
        self.table = TwoColumns()
        self.stack = StackPart()
        self._why, self._where, self._seal = heading("Why"), heading(""), heading("")
        self._parts: list[QWidget] = [
            self.verdict,
            self.file,
            self.meaning,
            self.signature,
            self.check.native,
            self._where,
            self.stack,
            self.pictures,
            self.regions,
            self.strength.native,
            self._why,
            self.reasons,
            self._seal,
            self.table,
        ]
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(5)
        for part in self._parts:
            column.addWidget(part)
        column.addStretch(1)
        for label in (self._where, self._seal):
            label.setWordWrap(True)
        self._area = area = DockPage(page, _WIDTH)
        layout = self.native.layout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    # following

    def _let_go(self) -> None:
        """The dock was closed: nothing of it is touched any more."""
        for event in self._followed:
            event.disconnect(self._follow)
        self._followed = []
        self._follow_stack(None)
        self._watch_data(None)
        self.stack.let_go()
        if self._map is not None:
            self._map.events.visible.disconnect(self._follow_map)
            self._map = None

    def _follow(self, _event: Any = None) -> None:
        layers: Any = self._viewer.layers if self._viewer is not None else []
        active = layers.selection.active if self._viewer is not None else None
        picture = picture_of(layers, active)
        self._follow_stack(watch_of(picture))
        if picture is not self._picture:
            self._area.verticalScrollBar().setValue(0)
            self._watch_data(picture)
        if active is None:
            self._show_nothing(_EMPTY)
        elif picture is None:
            self._show_nothing(_NO_PICTURE)
        elif (watch := watch_of(picture)) is not None:
            self._show_stack(picture, watch)
        elif opened_verdict(picture.metadata) is None:
            self._show_unknown(picture)
        else:
            self._show_verdict(picture)

    def _follow_stack(self, watch: StackWatch | None) -> None:
        """Show more as soon as more is found out about a stack."""
        if watch is self._stack_watch:
            return
        if self._stack_watch is not None:
            self._stack_watch.changed.disconnect(self._follow)
        self._stack_watch = watch
        if watch is not None:
            watch.changed.connect(self._follow)

    def _watch_data(self, picture: Layer | None) -> None:
        """Notice when other data are put into the picture that is shown."""
        if self._picture is not None:
            self._picture.events.data.disconnect(self._follow)
        self._picture = picture
        if picture is not None:
            picture.events.data.connect(self._follow)

    # pages

    def _show_nothing(self, text: str) -> None:
        for part in self._parts:
            part.setVisible(False)
        self.meaning.show_text(text)
        self.stack.show_stack(None)
        self._watch_map(None)

    def _show_unknown(self, layer: Layer) -> None:
        if not sealable([layer]):
            self._show_nothing(_NO_IMAGE)
            return
        self._show_nothing(_NOT_OURS)
        self._title("○", "not checked")
        self.meaning.show_text(f"{_NOT_OURS}\n\n{_WHAT_TO_DO}")
        path = str(layer.source.path or "")
        can_have_seal = path.lower().endswith((".jpg", ".jpeg", ".jpe", ".jfif", ".png"))
        self.file.show_text(printable(path or layer.name))
        self.check.native.setVisible(can_have_seal)

    def _show_stack(self, picture: Layer, watch: StackWatch) -> None:
        entry, outcome = picture.metadata[VERDICT_KEY], watch.outcome
        if entry["verdict"] == NOT_CHECKED:
            self._title("○", "not all checked yet")
        else:
            # The words that stand before the layer's name, as those of a stack are others.
            symbol, words = stack_words(outcome)
            self._title(symbol, words, FLAGS[outcome].tone)
        self._show_entry(picture, entry, outcome)
        for part in (self.pictures, self.regions, self.strength.native):
            part.setVisible(False)
        self._where.setText(f"Planes: {where_text(watch)}" if watch.bad else "Planes")
        self._where.setVisible(True)
        self.stack.show_stack(watch)
        self._watch_map(None)

    def _show_verdict(self, picture: Layer) -> None:
        entry = picture.metadata[VERDICT_KEY]
        outcome = Outcome(entry["verdict"])
        flag = FLAGS[outcome]
        self._title(flag.symbol, flag.words, flag.tone)
        self.stack.show_stack(None)
        self._show_entry(picture, entry, outcome)
        self._show_regions(picture, entry)

    def _show_entry(self, picture: Layer, entry: Mapping[str, Any], outcome: Outcome) -> None:
        """Show what a file and a stack have in common."""
        self.check.native.setVisible(False)
        self.file.show_text(printable(entry["path"]))
        paragraphs = [entry.get("meaning") or outcome.meaning]
        if outcome is Outcome.NO_SEAL:
            paragraphs.append(_TO_SEAL)
        if data_replaced(picture):
            paragraphs.append(_REPLACED)
        self.meaning.show_text("\n\n".join(paragraphs))
        self.signature.show_entry(entry)
        reasons = list(_reason_lines(entry))
        self._why.setText("Why" if outcome is not Outcome.INTACT else "Also noticed")
        self._why.setVisible(bool(reasons))
        self.reasons.show_text("\n".join(reasons))
        intact = outcome in (Outcome.INTACT, Outcome.REENCODED)
        self._seal.setText("What the seal says" if intact else _CLAIM)
        self.table.show_sections([("", seal_lines(entry)), ("Metadata", metadata_lines(entry))])
        self._seal.setVisible(self.table.rowCount() > 0)

    def _title(self, symbol: str, words: str, tone: Tone | None = None) -> None:
        self.verdict.setText(f"{symbol} {words}")
        self._tone = tone
        self._paint_title()
        self.verdict.setVisible(True)

    def _paint_title(self) -> None:
        size = _TITLE * self.meaning.fontInfo().pointSizeF()
        style = f"font-size: {size:.1f}pt; font-weight: bold; padding: 0px;"
        if self._tone is not None:
            style += f" color: {COLOURS[self._tone].on(dark=self._theme.dark)};"
        if style != self.verdict.styleSheet():
            self.verdict.setStyleSheet(style)

    def _show_regions(self, picture: Layer, entry: Mapping[str, Any]) -> None:
        boxes = entry.get("regions") or []
        known = entry.get("strengths") or [None] * len(boxes)
        scores, lossless = scores_of(picture), bool(entry.get("lossless"))
        self._where.setVisible(bool(boxes) or scores is not None)
        self._where.setText(f"Where: {_where(len(boxes), scores)}")
        means = None if scores is None else means_of(picture, scores)
        self.pictures.show_picture(scores, means, picture.data.shape[:2], boxes, alike=not lossless)
        self.regions.clear()
        for row in zip(range(1, len(boxes) + 1), boxes, known, strict=False):
            self.regions.addItem(_region_line(*row, lossless=lossless))
            self.regions.item(row[0] - 1).setToolTip(region_text(*row, lossless=lossless))
        self.regions.setVisible(bool(boxes))
        height = max(self.regions.sizeHintForRow(0), 1) * min(len(boxes), _ROWS)
        self.regions.setFixedHeight(height + 2 * self.regions.frameWidth() + 2)
        self.strength.native.setVisible(scores is not None)
        layers = self._viewer.layers if self._viewer is not None else []
        self._watch_map(overlay_of(layers, picture, SCORES))

    # what can be done

    def _go(self) -> None:
        row = self.regions.currentRow()
        if self._picture is None or self._viewer is None or row < 0:
            return
        boxes = overlay_of(self._viewer.layers, self._picture, REGIONS)
        if boxes is not None:
            boxes.visible = True
        look_at(self._viewer, self._picture, self._picture.metadata[VERDICT_KEY]["regions"][row])

    def _watch_map(self, layer: Layer | None) -> None:
        """Let the box and the eye in the layer list say the same."""
        if self._map is not None:
            self._map.events.visible.disconnect(self._follow_map)
        self._map = layer
        if layer is not None:
            layer.events.visible.connect(self._follow_map)
        self._follow_map()

    def _follow_map(self, _event: Any = None) -> None:
        with self.strength.changed.blocked():
            self.strength.value = self._map is not None and self._map.visible

    def _show_map(self, shown: bool) -> None:
        picture = self._picture
        scores = scores_of(picture) if picture is not None else None
        if picture is None or scores is None or self._viewer is None:
            return
        if self._map is not None:
            self._map.visible = shown
        elif shown:
            # It was taken out of the layer list.
            layer = score_layer(picture, scores)
            layer.visible = True
            self._viewer.add_layer(layer)

    def _check_file(self) -> None:
        from napari_seal._napari.opening.open_action import open_flagged

        if self._picture is not None and self._viewer is not None:
            open_flagged(self._viewer, [str(self._picture.source.path)])


def _where(regions: int, scores: ScoreMap | None) -> str:
    if regions:
        return f"{regions:,} changed region{'s' if regions != 1 else ''}"
    if scores is not None and (scores.scores >= 1).any():
        return "no region stands out from the rest"
    return "no tile differs by more than the threshold"


def _reason_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    for reason in entry.get("reasons") or []:
        yield f"• {printable(reason.get('message', ''))}"
        for word in ("expected", "found"):
            # How many planes are not intact stands in the sentence.
            if word in reason and reason.get("code") != "planes-not-intact":
                yield f"    {word}: {_short(printable(reason[word], 500))}"


def _short(value: str) -> str:
    """Cut a digest so that it fits into a line; whole ones are in the layer's metadata."""
    return _DIGEST.sub(r"\1…", value)


def _region_line(
    number: int, box: tuple[int, ...], strength: float | None, *, lossless: bool
) -> str:
    y0, x0, y1, x1 = box
    text = f"{number}:  y {y0} to {y1}, x {x0} to {x1}"
    if not strength or strength < 1:
        return text
    if lossless:
        return f"{text},  by {strength - 1:.1f} levels"
    return f"{text},  {min(strength, 999):.1f} x threshold"
