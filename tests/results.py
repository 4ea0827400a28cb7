"""Results of a run for the tests of the dock widget."""

from __future__ import annotations

from typing import Any


def add_results(model: Any, verdicts: Any, folder: str = "") -> None:
    """Give verdicts to a `VerdictModel` as a run over ``folder`` does."""
    if not len(model.rows):
        model.rows.folder = folder
    model.append([model.rows.pack(verdicts)])
