"""What the tests of the napari side share: a real window, real files, no stand-ins.

They need Qt, napari and a display (pytest-xvfb starts one where Xvfb is installed).  Without these
each file is one skipped test that says why, or a failed one where ``NAPARI_SEAL_REQUIRE`` contains
``gui``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dock_dialogs import answer_dialog, answer_passphrases, repeated
from dock_keys import make_key, no_keyring, passphrases, signatures
from dock_pictures import (
    archive,
    boxes,
    edit,
    large,
    many_files,
    mixed,
    opened,
    picture,
    score_map,
    sealed,
    strip,
)
from dock_seal import seal_viewer, seal_widget
from support import PATIENCE

# Fixtures of other files, for the tests of this folder.
__all__ = [
    "answer_dialog",
    "answer_passphrases",
    "archive",
    "boxes",
    "edit",
    "large",
    "make_key",
    "many_files",
    "mixed",
    "no_keyring",
    "opened",
    "passphrases",
    "picture",
    "repeated",
    "score_map",
    "seal_viewer",
    "seal_widget",
    "sealed",
    "signatures",
    "strip",
]

# Before napari is imported: nobody's own preferences are read or written.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp(prefix="napari-seal-test-"), "n.yaml"))


def _what_is_missing(config: pytest.Config) -> str:
    try:
        import napari  # noqa: F401
        from qtpy import QtWidgets  # noqa: F401
    except Exception as error:  # noqa: BLE001 - qtpy and missing system libraries raise what they like
        return f"napari with a Qt binding cannot be imported: {error}"
    loaded = (config.pluginmanager.hasplugin(name) for name in ("pytest-qt", "pytestqt.plugin"))
    if not any(loaded):
        return "pytest-qt is not loaded"
    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        return "no display: neither DISPLAY is set nor could pytest-xvfb start Xvfb"
    return ""


class _Absent(pytest.Item):
    """Stands for a test file that cannot run here."""

    reason = ""

    def runtest(self) -> None:
        if "gui" in os.environ.get("NAPARI_SEAL_REQUIRE", ""):
            pytest.fail(self.reason, pytrace=False)
        pytest.skip(self.reason)


class _AbsentFile(pytest.File):
    reason = ""

    def collect(self) -> Iterator[pytest.Item]:
        item = _Absent.from_parent(self, name="needs_a_window")
        item.reason = self.reason
        yield item


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    """Replace the test file where its imports would fail."""
    reason = _what_is_missing(parent.config)
    if not reason:
        return None
    absent = _AbsentFile.from_parent(parent, path=module_path)
    absent.reason = reason
    return absent


@pytest.fixture
def qtbot(qapp: Any, request: pytest.FixtureRequest) -> Any:
    """The one of pytest-qt, with more patience than its five seconds: machines may be busy."""
    from pytestqt.qtbot import QtBot

    bot = QtBot(request)
    for name in ("waitUntil", "waitSignal", "waitExposed"):
        setattr(bot, name, partial(getattr(bot, name), timeout=round(1000 * PATIENCE)))
    return bot


@pytest.fixture
def plugin() -> None:
    """The installed plugin, as napari discovers it."""
    import npe2

    manager = npe2.PluginManager.instance()
    manager.discover()
    assert "napari-seal" in manager


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What the person is told in notifications during the test."""
    from napari.utils.notifications import notification_manager

    messages: list[str] = []

    def keep(notification: Any) -> None:
        messages.append(str(notification.message))

    notification_manager.notification_ready.connect(keep)
    yield messages
    notification_manager.notification_ready.disconnect(keep)


@pytest.fixture
def forgotten() -> Iterator[None]:
    """No ledger of an earlier test."""
    from napari_seal._napari.verifying.verify_ledger_choice import LedgerChoice

    LedgerChoice.remembered = ""
    yield
    LedgerChoice.remembered = ""


@pytest.fixture
def widget(qtbot: Any, forgotten: None) -> Iterator[Any]:
    """The verify widget with a viewer that needs no graphics."""
    from napari.components import ViewerModel

    from napari_seal._napari.verifying.verify_widget import VerifyWidget

    made = VerifyWidget(ViewerModel())
    qtbot.addWidget(made.native)
    yield made
    made.stop()
    qtbot.waitUntil(lambda: not made.running)
