"""Fixtures that all tests share: pictures made by formula, sealed files of every kind, stores."""

from __future__ import annotations

import importlib
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from mutators import moedal_file
from PIL import Image
from stores import s3_store, sftp_store
from support import find_exiftool, nuclear_tracks

_SHARED = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("quick", max_examples=50, derandomize=True, **_SHARED)
settings.register_profile("thorough", max_examples=2000, **_SHARED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def _qt_loads() -> bool:
    try:
        importlib.import_module("qtpy.QtWidgets")
    except Exception:  # noqa: BLE001 - whatever keeps Qt from loading, there is no GUI to test
        return False
    return True


if _qt_loads():
    pytest_plugins = ["pytestqt.plugin"]


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """A shell that starts the tests in the background has them ignore Control-C, and theirs too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tracks() -> np.ndarray:
    """A (160, 200) uint16 picture of nuclear tracks."""
    image = nuclear_tracks()
    image.setflags(write=False)
    return image


@pytest.fixture(scope="session")
def histology(tracks: np.ndarray) -> np.ndarray:
    """A (160, 200, 3) uint8 colour picture."""
    base = (tracks >> 8).astype(np.uint8)
    image = np.stack([base, np.roll(base, 9, 0), 255 - base // 2], axis=-1)
    image.setflags(write=False)
    return image


METADATA = {
    "detector": "TDR 12",
    "dose": 1.5,
    "operator": "Žofie",
    "run": {"id": 2**63, "ok": True},
}
EXIF = {"Make": "Zeiss", "DateTimeOriginal": "2024:05:06 07:08:09", "ExposureTime": (1, 250)}


@pytest.fixture(scope="session")
def sealed(
    tracks: np.ndarray, histology: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """Sealed files by kind; ``progressive`` and ``restarts`` are other encoders' JPEGs, sealed."""
    from napari_seal import Window, seal
    from napari_seal._format.pixels import digest_array
    from napari_seal._seal.embed import embed

    folder = tmp_path_factory.mktemp("sealed")
    options = {"metadata": METADATA, "exif": EXIF}
    seal(tracks, folder / "gray.jpg", **options)
    seal(tracks[:, ::-1], folder / "other.jpg", **options)
    seal(histology, folder / "rgb.jpg", **options)
    seal(tracks, folder / "both.jpg", moedal=True, **options)
    # Large enough that changes of the whole picture can be named.
    large = nuclear_tracks((320, 400))
    seal(large, folder / "large.jpg", **options)
    parts = [large, np.roll(large, 9, 0), large // 2]
    seal((np.stack(parts, -1) >> 8).astype(np.uint8), folder / "large-rgb.jpg", **options)
    files = {path.stem: path.read_bytes() for path in folder.iterdir()}

    levels = (tracks >> 8).astype(np.uint8)
    for kind, how in {
        "progressive": {"progressive": True},
        "restarts": {"restart_marker_rows": 1},
    }.items():
        encoded = io.BytesIO()
        Image.fromarray(levels).save(encoded, "JPEG", quality=90, **how)
        files[kind], _ = embed(
            encoded.getvalue(),
            source=digest_array(levels, axes="YX"),
            window=Window(low=0, high=255),
            quality=90,
            metadata=METADATA,
            exif_tags=EXIF,
            layer=None,
            moedal=False,
        )
    files["moedal"] = moedal_file(tracks, {"detector": "TDR 12"})
    return files


@pytest.fixture
def leaves_no_files_open(tmp_path: Path) -> Iterator[None]:
    """Fail a test that leaves a file of its own folder open."""
    yield
    links = Path("/proc/self/fd")
    still = [os.path.realpath(link) for link in (links.iterdir() if links.is_dir() else ())]
    assert [name for name in still if name.startswith(str(tmp_path))] == []


@pytest.fixture(scope="session")
def exiftool() -> list[str]:
    """The command of an ExifTool that knows ImageDataHash with SHA-256."""
    return find_exiftool()


@pytest.fixture(scope="module")
def s3() -> Iterator[None]:
    """An S3 store on this machine, at a free port, that ends with the tests of a file."""
    with s3_store("seals"):
        yield


@pytest.fixture(scope="module")
def sftp() -> Iterator[str]:
    """The address of a server on this machine, which ends with the tests of a file."""
    with sftp_store() as address:
        yield address


@pytest.fixture(params=["file", "memory", "s3", "sftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty folder in a store of each kind."""
    if request.param == "s3":
        request.getfixturevalue("s3")
        return f"s3://seals/{tmp_path.name}"
    if request.param == "memory":
        return f"memory://{tmp_path.name}"
    if request.param == "sftp":
        return request.getfixturevalue("sftp") + str(tmp_path)
    return tmp_path.as_uri()
