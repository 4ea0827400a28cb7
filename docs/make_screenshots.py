"""Take the pictures of the documentation from the real napari window.

Run it under an X display (Xvfb will do) with the package installed::

    xvfb-run -s "-screen 0 1366x768x24" python docs/make_screenshots.py [--theme light] [FOLDER]

It drives the window as a person would and writes ``docs/images/*.png``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Settings of its own: those of whoever runs this are neither looked at nor changed.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp(), "settings.yaml"))

import napari
import numpy as np
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.settings import get_plugin_settings, get_settings
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_seal
from napari_seal._napari.opening import samples
from napari_seal._napari.verifying.verdict_order import SIGNATURE

SIZE = (1366, 740)


def archive(folder: Path, number: int = 24) -> Path:
    """Make an archive of sealed images to which this and that has happened."""
    folder.mkdir()
    for n in range(number):
        image = samples.track_field(size=400, tracks=24, seed=n)
        path = folder / f"plate_{n // 8 + 1}" / f"field_{n:04d}.sealed.jpg"
        path.parent.mkdir(exist_ok=True)
        napari_seal.seal(image, path, metadata={"plate": n // 8 + 1, "field": n})
    files = sorted(folder.rglob("*.jpg"))
    for path in files[3], files[14]:
        samples._edit(path)
    with Image.open(files[9]) as stripped:
        stripped.copy().save(files[9], "JPEG")
    files[11].write_bytes(files[11].read_bytes()[:-2500])
    data = files[17].read_bytes()
    files[17].write_bytes(data.replace(b'"field":17', b'"field":71'))
    (folder / "notes.jpg").write_text("not an image at all\n")
    return folder


def settle(seconds: float = 0.6) -> None:
    """Let the window draw itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Let the window work until something is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        settle(0.05)


def save(viewer: napari.Viewer, path: Path) -> None:
    """Write the whole window, in few enough colours to stay small."""
    settle()
    image = Image.fromarray(viewer.screenshot(canvas_only=False, flash=False)[..., :3])
    buffer = io.BytesIO()
    image.quantize(200, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        buffer, "PNG", optimize=True
    )
    path.write_bytes(buffer.getvalue())
    print(f"{path}  {len(buffer.getvalue()) // 1000} kB")


def new_viewer() -> napari.Viewer:
    """Open an empty window of the documentation's size."""
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(*SIZE)
    settle()
    return viewer


def dock(viewer: napari.Viewer, name: str) -> Any:
    """Open one of the dock widgets as the menu does."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-seal", name)
    settle(0.3)
    return widget


def shot_intact(folder: Path) -> napari.Viewer:
    """The sample image, opened intact."""
    viewer = new_viewer()
    viewer.open_sample("napari-seal", "intact")
    save(viewer, folder / "opened-intact.png")
    return viewer


def shot_altered(folder: Path) -> napari.Viewer:
    """The sample image that was edited after sealing."""
    viewer = new_viewer()
    viewer.open_sample("napari-seal", "altered")
    save(viewer, folder / "opened-altered.png")
    return viewer


def shot_details(folder: Path) -> napari.Viewer:
    """The edited sample image with its regions, and all that is known about it."""
    viewer = new_viewer()
    widget = dock(viewer, "Seal details")
    viewer.open_sample("napari-seal", "altered")
    settle()
    for message in viewer.window._qt_window.findChildren(NapariQtNotification):
        message.close()  # it would lie on the picture
    widget.strength.value = True
    viewer.reset_view()
    save(viewer, folder / "seal-details.png")
    return viewer


def shot_stack(folder: Path) -> napari.Viewer:
    """A stack of which one plane was edited and one is gone, at the edited one."""
    viewer = new_viewer()
    widget = dock(viewer, "Seal details")
    field = samples.track_field(size=400, tracks=24, seed=1)
    planes = [[np.roll(field, 5 * t + 9 * z, 1) for z in range(12)] for t in range(3)]
    layer = {"name": "tracks", "scale": [2, 1, 0.5, 0.5], "axis_labels": ["t", "z", "y", "x"]}
    napari_seal.seal_stack(
        np.array(planes), "tracks", axes="TZYX", layer=layer, metadata={"detector": "CR-39"}
    )
    samples._edit(Path("tracks.sealed", "tracks_t1_z06.sealed.jpg"))
    Path("tracks.sealed", "tracks_t2_z03.sealed.jpg").unlink()
    (stack,) = viewer.open("tracks.sealed/tracks.sealed.json", plugin="napari-seal")
    wait_until(lambda: stack.metadata["seal"]["stack"]["checked"] == len(planes) * 12)
    wait_until(lambda: widget.stack.button.text().startswith("Check"))
    widget.stack.planes.itemClicked.emit(widget.stack.planes.item(0))
    settle()
    for message in viewer.window._qt_window.findChildren(NapariQtNotification):
        message.close()  # it would lie on the picture
    viewer.reset_view()
    save(viewer, folder / "opened-stack.png")
    return viewer


def find_row(widget: Any, wanted: Callable[[Any], bool]) -> int:
    """Return the first row of the dock's table with such a verdict."""
    results = widget.table.results

    def rows() -> list[int]:
        return [n for n in range(results.rowCount()) if wanted(results.verdict_at(n))]

    wait_until(lambda: bool(rows()))
    return rows()[0]


def shot_verify(folder: Path) -> napari.Viewer:
    """The verify widget after a run with a ledger over a mixed archive, one result opened."""
    viewer = new_viewer()
    widget = dock(viewer, "Verify sealed images")
    images = archive(Path("archive"))
    with napari_seal.Ledger.open("ledger.db", create=True) as ledger:
        for _ in ledger.check_many(images, jobs=1):
            pass
    files = sorted(images.rglob("*.sealed.jpg"))
    files[5].unlink()
    files[6].rename(files[16].with_name("field_0006.sealed.jpg"))
    shutil.copy(files[12], files[13])
    widget.set_paths([str(images)])
    widget.ledger.line.setText("ledger.db")
    wait_until(lambda: not widget.ledger.looking)
    widget.run()
    wait_until(lambda: not widget.running and not widget.ledger.looking)
    widget.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
    wait_until(lambda: not widget.table.results.busy)
    row = find_row(widget, lambda verdict: verdict.verdict == "image-changed")
    widget.table.selectRow(row)
    widget.table.doubleClicked.emit(widget.table.results.index(row, 0))
    settle()
    viewer.reset_view()  # the first layer was fitted to the canvas before the dock took its part
    save(viewer, folder / "verify-widget.png")
    return viewer


def sign_some(images: Path) -> str:
    """Sign images of an archive by three keys, and return a list that trusts one and revokes one.

    One is signed by a key that is in no list, and one signature is altered.
    """
    trusted, revoked, unknown = (napari_seal.SigningKey.generate() for _ in range(3))
    Path("trusted.toml").write_text(
        f'[[key]]\nname = "Robot 1"\npublic = "{trusted.public.text}"\n'
        f'[[key]]\nname = "Robot 2"\npublic = "{revoked.public.text}"\nrevoked = 2026-01-01\n'
    )
    files = sorted(images.rglob("*.sealed.jpg"))
    # Those that nothing has happened to.
    signers = dict.fromkeys((0, 1, 2, 4, 5, 6, 7, 8, 10, 12, 13, 19, 20), trusted)
    signers |= {15: revoked, 16: revoked, 18: unknown}
    for n, key in signers.items():
        image = samples.track_field(size=400, tracks=24, seed=n)
        options = {"metadata": {"plate": n // 8 + 1, "field": n}, "overwrite": True}
        napari_seal.seal(image, files[n], key=key, **options)
    data = files[20].read_bytes()
    at = data.index(b'"value":"') + len(b'"value":"')
    other = b"A" if data[at : at + 1] != b"A" else b"B"
    files[20].write_bytes(data[:at] + other + data[at + 1 :])
    return str(Path("trusted.toml").resolve())


def shot_signatures(folder: Path) -> napari.Viewer:
    """The verify widget after a run over signed images, with trusted signatures required."""
    images = archive(Path("archive"))
    signatures = get_plugin_settings("napari-seal").signatures
    signatures.trust = sign_some(images)
    viewer = new_viewer()
    widget = dock(viewer, "Verify sealed images")
    widget.set_paths([str(images)])
    widget.run()
    wait_until(lambda: not widget.running)
    widget.trust.required.click()
    widget.table.horizontalHeader().setSortIndicator(SIGNATURE, Qt.SortOrder.DescendingOrder)
    wait_until(lambda: not widget.table.results.busy)
    row = find_row(widget, lambda verdict: verdict.signature == "revoked")
    widget.table.selectRow(row)
    widget.table.open_selected()
    settle(6)  # the notification would lie on the picture
    viewer.reset_view()
    save(viewer, folder / "verify-signatures.png")
    signatures.trust = ""
    return viewer


def shot_empty(folder: Path) -> napari.Viewer:
    """The verify widget as it first appears."""
    viewer = new_viewer()
    dock(viewer, "Verify sealed images")
    save(viewer, folder / "verify-widget-empty.png")
    return viewer


def shot_seal(folder: Path) -> napari.Viewer:
    """The seal widget after sealing a 16-bit image."""
    viewer = new_viewer()
    viewer.add_image(
        samples.track_field(),
        name="tracks 0417",
        scale=(0.45, 0.45),
        units=("um", "um"),
        metadata={"detector": "CR-39", "plate": 3, "etching_hours": 6, "stage": [12.5, 8.25]},
    )
    widget = dock(viewer, "Seal layer...")
    widget.target.value = Path("tracks 0417.sealed.jpg")
    widget.seal()
    save(viewer, folder / "seal-layer.png")
    return viewer


SHOTS = {
    "intact": shot_intact,
    "altered": shot_altered,
    "details": shot_details,
    "stack": shot_stack,
    "empty": shot_empty,
    "verify": shot_verify,
    "signatures": shot_signatures,
    "seal": shot_seal,
}


def main() -> None:
    """Take the pictures asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--theme", default="dark", choices=["dark", "light"])
    parser.add_argument("--only", nargs="*", choices=list(SHOTS), default=list(SHOTS))
    options = parser.parse_args()
    folder = (options.folder or Path(__file__).parent / "images").resolve()
    folder.mkdir(exist_ok=True, parents=True)
    get_settings().appearance.theme = options.theme
    get_settings().application.save_window_geometry = False
    for name in options.only:
        # A short, plain folder: the pictures show it.
        work = Path(tempfile.gettempdir(), "plates")
        work.mkdir()
        try:
            with contextlib.chdir(work):
                viewer = SHOTS[name](folder)
                viewer.close()
                settle(0.2)
        finally:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
