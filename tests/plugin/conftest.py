"""What the tests of the napari side share: a real window, real files, no stand-ins.

They need Qt, napari and a display (pytest-xvfb starts one where Xvfb is installed).  Without these
each file is one skipped test that says why, or a failed one where ``NAPARI_SEAL_REQUIRE`` contains
``gui``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dock import MANY
from keyring.backend import KeyringBackend
from PIL import Image
from support import PATIENCE

import napari_seal
from napari_seal import SigningKey
from napari_seal._trust.key_files import write_key_files
from napari_seal._verify.change.score_map import ScoreMap

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
def picture() -> np.ndarray:
    """A small 16-bit picture with something to see in it."""
    y, x = np.mgrid[:96, :128]
    waves = 9000 + 4000 * np.sin(x / 9) * np.cos(y / 7)
    noise = np.random.default_rng(3).normal(0, 150, waves.shape)
    return (waves + noise).astype(np.uint16)


@pytest.fixture
def sealed(tmp_path: Path, picture: np.ndarray) -> Callable[..., Path]:
    """Make a sealed file; keywords go to `napari_seal.seal`."""

    def make(name: str = "a.sealed.jpg", image: np.ndarray | None = None, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        napari_seal.seal(picture if image is None else image, path, **options)
        return path

    return make


def _edit(path: Path) -> Path:
    """Change the picture and save it again with its Exif data, as an image editor does."""
    with Image.open(path) as image:
        exif, changed = image.info["exif"], image.copy()
    changed.paste(255 if changed.mode == "L" else (255, 0, 0), (20, 20, 50, 50))
    changed.save(path, "JPEG", quality=90, exif=exif)
    return path


def _strip(path: Path) -> Path:
    """Save the picture without its Exif data."""
    with Image.open(path) as image:
        bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(path, "JPEG", quality=90)
    return path


@pytest.fixture
def edit() -> Callable[[Path], Path]:
    """Change a file's picture and keep its Exif data."""
    return _edit


@pytest.fixture
def strip() -> Callable[[Path], Path]:
    """Take the Exif data off a file."""
    return _strip


@pytest.fixture
def mixed(tmp_path: Path, sealed: Callable[..., Path]) -> tuple[Path, dict[str, str]]:
    """A folder with a file of each kind, and the verdict of each."""
    expected = {}
    for n in range(6):
        expected[sealed(f"archive/{n}.sealed.jpg", metadata={"field": n}).name] = "intact"
    changed = _edit(sealed("archive/sub/changed.sealed.jpg"))
    expected[changed.name] = "image-changed"
    expected[_strip(sealed("archive/sub/bare.jpg")).name] = "no-seal"
    cut = sealed("archive/cut.sealed.jpg")
    cut.write_bytes(cut.read_bytes()[:-800])
    expected[cut.name] = "truncated"
    reworded = sealed("archive/reworded.sealed.jpg", metadata={"field": 17})
    reworded.write_bytes(reworded.read_bytes().replace(b'"field":17', b'"field":71'))
    expected[reworded.name] = "metadata-changed"
    (tmp_path / "archive" / "text.jpg").write_text("this is no image")
    expected["text.jpg"] = "not-an-image"
    return tmp_path / "archive", expected


@pytest.fixture
def boxes() -> list[list[int]]:
    """Two changed regions in a picture of 96 x 130 pixels, the second at its edge."""
    return [[16, 32, 64, 64], [0, 112, 16, 130]]


@pytest.fixture
def score_map() -> Callable[..., ScoreMap]:
    """Make the scores of such a picture; the tiles of its last column are larger."""

    def make(size: int = 16) -> ScoreMap:
        scores = np.zeros((96 // size, 130 // size), np.float32)
        if size == 16:
            scores[1:4, 2:4] = 2
            scores[2, 3] = 4.12
            scores[0, 7] = 1.5
        return ScoreMap(size=size, scores=scores, sealed=np.full(scores.shape, 100, np.float32))

    return make


@pytest.fixture
def opened(boxes: list[list[int]], score_map: Callable[..., ScoreMap]) -> Callable[..., Any]:
    """Make such a picture as the reader opens it; keywords go to the layer."""
    from napari.layers import Image as Layer

    from napari_seal._napari.opening.opened import remember
    from napari_seal._napari.opening.overlays import strengths

    def make(regions: list[list[int]] = boxes, **options: Any) -> Layer:
        scores = score_map()
        entry = {
            "verdict": "image-changed",
            "path": "/plates/a.sealed.jpg",
            "regions": regions,
            "strengths": strengths(scores, regions),
        }
        data = np.zeros((96, 130), np.uint8)
        options = {"name": "⚠ IMAGE CHANGED: a", "metadata": {"seal": entry}} | options
        layer = Layer(data, **options)
        remember(layer, scores)
        return layer

    return make


@pytest.fixture
def answer_dialog(qtbot: Any) -> Iterator[Callable[..., None]]:
    """Answer the next file dialog as a person does: choose a filter, type a name, press the button.

    A following question "replace the existing file?" is answered with yes where ``replace`` is set.
    """
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox

    timers: list[QTimer] = []

    def answer(path: Path, *, name_filter: str = "", replace: bool = False) -> None:
        state = {"typed": False, "asked": False, "patience": 1000 * PATIENCE / 50}

        def look() -> None:
            state["patience"] -= 1
            dialog = QApplication.activeModalWidget()
            if state["patience"] < 0:
                # The test fails on what it finds; it must not wait for a person.
                if dialog is None:
                    timer.stop()
                else:
                    dialog.close()
            elif isinstance(dialog, QMessageBox):
                state["asked"] = True
                buttons = QMessageBox.StandardButton
                dialog.button(buttons.Yes if replace else buttons.No).click()
            elif isinstance(dialog, QFileDialog) and state["asked"]:
                dialog.reject()  # after a "no" the file dialog is still there
            elif isinstance(dialog, QFileDialog) and not state["typed"]:
                state["typed"] = True
                for known in dialog.nameFilters():
                    if name_filter and name_filter in known:
                        dialog.selectNameFilter(known)
                dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
                box = dialog.findChild(QDialogButtonBox)
                accept = box.button(QDialogButtonBox.StandardButton.Save) or box.button(
                    QDialogButtonBox.StandardButton.Open
                )
                # Not from within this timer: a question that follows runs an event loop of its
                # own, and Qt does not let a timer fire inside itself.
                QTimer.singleShot(0, accept.click)
            elif state["typed"] and dialog is None:
                timer.stop()

        timer = QTimer()
        timer.setInterval(50)
        timer.timeout.connect(look)
        timer.start()
        timers.append(timer)

    yield answer
    for timer in timers:
        timer.stop()


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


@pytest.fixture
def archive(tmp_path: Path, sealed: Callable[..., Path], picture: np.ndarray) -> tuple[Path, Path]:
    """Five images, each another one, and where their ledger will be."""
    for n in range(5):
        sealed(f"archive/{n}.sealed.jpg", image=picture + n)
    return tmp_path / "archive", tmp_path / "ledger.db"


@pytest.fixture
def many_files(tmp_path: Path, sealed: Callable[..., Path]) -> tuple[Path, Path]:
    """A folder that takes a while, and where its ledger will be."""
    folder = tmp_path / "large"
    folder.mkdir()
    one = sealed("one.sealed.jpg")
    for n in range(MANY):
        os.link(one, folder / f"{n:05d}.sealed.jpg")
    return folder, tmp_path / "ledger.db"


@pytest.fixture
def large(many_files: tuple[Path, Path]) -> Path:
    """A folder that takes a while."""
    return many_files[0]


class Passphrases(KeyringBackend):
    """A keyring in memory, as an operating system has one: of the kind that keeps secrets well."""

    priority = 5
    name = "a keyring of the tests"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def no_keyring() -> Iterator[None]:
    """A system without a keyring, whatever this one has."""
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def passphrases(no_keyring: None) -> Passphrases:
    """A system with a keyring, in which nothing is kept yet."""
    import keyring

    made = Passphrases()
    keyring.set_keyring(made)
    return made


@pytest.fixture
def signatures(
    npe2pm: Any, plugin_settings: Any, no_keyring: None, tmp_path: Path
) -> Iterator[Any]:
    """The group in Preferences, with an empty list of trusted keys; no passphrase is known."""
    import npe2
    from napari.settings import get_plugin_settings

    from napari_seal._napari.saving.signing import forget_keys

    npe2pm.register(npe2.PluginManifest.from_distribution("napari-seal"))
    group = get_plugin_settings("napari-seal").signatures
    forget_keys()
    yield group
    forget_keys()


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[..., Path]:
    """Make the file of a private key, and that of its public key in the folder ``trust``."""

    def make(name: str = "Robot 1", passphrase: str | None = None, *, trusted: bool = True) -> Path:
        folder = tmp_path / ("trust" if trusted else "untrusted")
        folder.mkdir(exist_ok=True)
        private, public = tmp_path / f"{name}.pem", folder / f"{name}.pub.pem"
        write_key_files(SigningKey.generate(), private, public, passphrase)
        return private

    return make


@pytest.fixture
def answer_passphrases(qtbot: Any) -> Iterator[Callable[..., list[Any]]]:
    """Answer the dialog for a passphrase as often as there are answers; None presses Cancel.

    Returns the list of what each dialog said: its problem, and whether there was a tick.
    """
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QDialogButtonBox

    from napari_seal._napari.saving.passphrase_dialog import PassphraseDialog

    timers: list[QTimer] = []

    def answer(*answers: str | None, remember: bool = False) -> list[Any]:
        left, said, seen = list(answers), [], set()
        for earlier in timers:
            earlier.stop()

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, PassphraseDialog) or dialog in seen:
                return
            seen.add(dialog)
            problem = dialog.problem.text() if dialog.problem.isVisible() else ""
            said.append((problem, dialog.remember.isVisible()))
            given = left.pop(0) if left else None
            buttons = QDialogButtonBox.StandardButton
            if given is None:
                QTimer.singleShot(0, dialog.buttons.button(buttons.Cancel).click)
                return
            qtbot.keyClicks(dialog.line, given)
            dialog.remember.setChecked(remember)
            QTimer.singleShot(0, dialog.buttons.button(buttons.Ok).click)

        timer = QTimer()
        timer.setInterval(20)
        timer.timeout.connect(look)
        timer.start()
        timers.append(timer)
        return said

    yield answer
    for timer in timers:
        timer.stop()
