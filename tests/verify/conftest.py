"""A picture that the HTML report shows, and files with signatures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import napari_seal


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A (400, 640) JPEG file, dark with a bright square."""
    image = np.full((400, 640), 40, np.uint8)
    image[160:200, 320:400] = 220
    Image.fromarray(image).save(tmp_path / "picture.jpg", quality=95)
    return tmp_path / "picture.jpg"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """Two signed JPEG files, one that nobody signed, and a signed PNG."""
    from signed_seals import IMAGE, ROBOT

    folder = tmp_path_factory.mktemp("signed")
    sample = {"sample": "TDR 12", "note": ',"signature":{"algorithm":"ed25519"}}}', "signature": {}}
    napari_seal.seal(IMAGE, folder / "a.jpg", metadata=sample, key=ROBOT)
    napari_seal.seal(IMAGE[::-1], folder / "b.jpg", metadata={"sample": "TDR 13"}, key=ROBOT)
    napari_seal.seal(IMAGE, folder / "bare.jpg", metadata=sample)
    napari_seal.seal(IMAGE, folder / "a.png", metadata=sample, key=ROBOT)
    napari_seal.seal(IMAGE, folder / "moedal.jpg", key=ROBOT, moedal=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}
