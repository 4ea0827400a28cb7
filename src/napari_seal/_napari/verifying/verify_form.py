"""The parts of the widget "Verify sealed images", how they lie, and in which order Tab goes."""

from __future__ import annotations

import itertools
from typing import Any

from magicgui.widgets import CheckBox, Container, LineEdit, ProgressBar, PushButton
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QWidget

from napari_seal._napari.dock_page import scroll
from napari_seal._napari.notices import breakable
from napari_seal._napari.opening.opener import is_default_opener
from napari_seal._napari.theme import ThemeWatch
from napari_seal._napari.verifying.verdict_details import VerdictDetails
from napari_seal._napari.verifying.verdict_table import VerdictTable
from napari_seal._napari.verifying.verify_filter import FilterRow
from napari_seal._napari.verifying.verify_ledger_choice import LedgerChoice
from napari_seal._napari.verifying.verify_trust import TrustChoice

# Until a label that has appeared has its place.
_SETTLE_MS = 50
# Of the page.
_WIDTH = 400


class VerifyForm(Container[Any]):
    """What is chosen above, results in the middle, what to do with them below."""

    def __init__(self) -> None:
        self.source = LineEdit(
            label="Images in",
            tooltip="A folder or a file; type or paste it and press Enter, or choose it below.",
        )
        self.folder_button = PushButton(text="Folder…")
        self.files_button = PushButton(text="Files…")
        self.recursive = CheckBox(value=True, text="with subfolders")
        self.start = PushButton(text="Verify")
        self.cancel = PushButton(text="Cancel", enabled=False)
        self.progress = ProgressBar(value=0, min=0, max=1)
        self.filters = FilterRow()
        self.verdict_filter, self.text_filter = self.filters.verdict, self.filters.text
        self.open_button, self.copy_button = PushButton(text="Open"), PushButton(text="Copy path")
        self.accept_button = PushButton(
            text="Accept…",
            tooltip="Make the selected files, as they are today, what the ledger compares with",
        )
        self.export_button = PushButton(
            text="Export…", tooltip="Write results as CSV or JSON Lines"
        )
        self.opener_button = PushButton(
            text="Always open sealed images with napari-seal",
            tooltip="Dropped sealed images are then verified without a question",
        )
        super().__init__(widgets=[self.source], labels=True)
        self._lay_out()
        self._name_parts()
        self._set_tab_order()

    def _lay_out(self) -> None:
        self.ledger = LedgerChoice()
        self.trust = TrustChoice()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        # Paths appear in it, and a path may look like markup.
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.table = VerdictTable()
        self.details = VerdictDetails(self.table)
        self.progress.native.setTextVisible(True)
        rows: list[Any] = [
            _row(self.folder_button, self.files_button, self.recursive),
            self.ledger,
            self.trust,
            _row(self.start, self.cancel),
            self.progress,
            self.summary,
            # Beside the button that led to it, and in view on a small screen.
            self.message,
            self.filters,
            self.table,
            self.details,
            _row(self.open_button, self.copy_button, self.accept_button, self.export_button),
            self.opener_button,
        ]
        # Qt takes them out of the layout where Python lets go of them.
        self._rows = rows
        layout = self.native.layout()
        shares = {self.table: 3, self.details: 1}
        for row in rows:
            layout.addWidget(getattr(row, "native", row), shares.get(row, 0))
        self._page = scroll(self.native, _WIDTH, self.source.native)
        self._theme = ThemeWatch(self.native)
        self._later = QTimer(self.native)
        self._later.setSingleShot(True)
        self._later.setInterval(_SETTLE_MS)
        self._later.timeout.connect(lambda: self._page.ensureWidgetVisible(self.message))
        self.say("")
        self.offer_opener()

    def _name_parts(self) -> None:
        """Give screen readers a name where no text stands on a part."""
        self.source.native.setPlaceholderText("a folder or a file: type, paste or choose")
        self.source.native.setAccessibleName("Images in")
        self.progress.native.setAccessibleName("Progress")
        self.table.setAccessibleName("Results")

    def _set_tab_order(self) -> None:
        """From top to bottom, as one reads."""
        choice = self.ledger
        parts: list[Any] = [
            *(self.source, self.folder_button, self.files_button, self.recursive),
            *(choice.line, choice.open_button, choice.new_button, choice.duplicates_button),
            *(choice.go_on, self.trust.required, self.trust.button, self.start, self.cancel),
            *(self.verdict_filter, self.text_filter, self.table, self.details, self.open_button),
            *(self.copy_button, self.accept_button, self.export_button, self.opener_button),
        ]
        order: list[QWidget] = [getattr(part, "native", part) for part in parts]
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    def say(self, text: str) -> None:
        """Show a message, and bring it into view; an empty one takes it away."""
        self.message.setText(breakable(text))
        self.message.setVisible(bool(text))
        if text:
            self._later.start()

    def offer_opener(self) -> None:
        """Show the button that makes this plugin the reader, unless it is that already."""
        self.opener_button.visible = not is_default_opener()


def _row(*widgets: Any) -> Container[Any]:
    row: Container[Any] = Container(widgets=list(widgets), layout="horizontal", labels=False)
    row.margins = (0, 0, 0, 0)
    return row
