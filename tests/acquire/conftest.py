"""Signals as of a script, whatever other tests have begun in the same process."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _without_qt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """pymmcore-plus takes Qt's signals where there is an application, which then holds up errors.

    `test_qt` makes one on purpose, in a process of its own.
    """
    if request.path.stem != "test_qt":
        monkeypatch.setenv("PYMM_SIGNALS_BACKEND", "psygnal")
