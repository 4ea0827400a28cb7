"""Saving pictures again, for `localise.py`: by what is installed, with the Exif block kept."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from collections.abc import Callable

import numpy as np
from PIL import Image

#: Encoders in programs and packages that need not be installed, by the name they have in tables.
PYTHON = {"opencv": "cv2", "imagecodecs": "imagecodecs"}
PROGRAMS = {"imagemagick": ("magick", "convert"), "jpegtran": ("jpegtran",)}


def installed() -> dict[str, str]:
    """Which encoders there are beside Pillow: the module or the program of each."""
    found = {name: module for name, module in PYTHON.items() if importlib.util.find_spec(module)}
    for name, programs in PROGRAMS.items():
        path = next(filter(None, map(shutil.which, programs)), None)
        if path:
            found[name] = path
    return found


def decode(data: bytes) -> np.ndarray:
    """The picture of a JPEG."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def exif_of(data: bytes) -> bytes:
    """The Exif block of a JPEG, from its six bytes of signature on."""
    with Image.open(io.BytesIO(data)) as image:
        return bytes(image.info["exif"])


def pillow(pixels: np.ndarray, quality: int, exif: bytes, subsampling: int = 2) -> bytes:
    """Save by Pillow; the default is what Pillow does if nothing is asked for, 4:2:0."""
    out = io.BytesIO()
    colour = {} if pixels.ndim == 2 else {"subsampling": subsampling}
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, exif=exif, **colour)
    return out.getvalue()


def opencv(pixels: np.ndarray, quality: int, exif: bytes) -> bytes:
    """Save by OpenCV, and put the Exif block back."""
    import cv2

    cv2.setNumThreads(1)
    bgr = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    return _with_exif(data, exif)


def imagecodecs(pixels: np.ndarray, quality: int, exif: bytes) -> bytes:
    """Save by imagecodecs, and put the Exif block back."""
    from imagecodecs import jpeg8_encode

    return _with_exif(jpeg8_encode(np.ascontiguousarray(pixels), level=quality), exif)


def _with_exif(data: bytes, exif: bytes) -> bytes:
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]


def _run(data: bytes, *command: str) -> bytes:
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


class Saver:
    """A chain of honest saves, drawn at random or stated.

    Parameters
    ----------
    sealed : bytes
        The sealed file.
    rng : Generator
    """

    def __init__(self, sealed: bytes, rng: np.random.Generator) -> None:
        self.sealed, self.rng = sealed, rng
        self.exif = exif_of(sealed)
        self.programs = installed()

    def by_pillow(self, data: bytes, quality: int, subsampling: int) -> bytes:
        """One save by Pillow, 4:4:4 (0) or 4:2:0 (2)."""
        return pillow(decode(data), quality, self.exif, subsampling)

    def one(self, data: bytes, quality: int) -> tuple[str, bytes]:
        """One save by an encoder that is drawn; the name, and the new file."""
        ways: dict[str, Callable[[], bytes]] = {
            "pillow 4:4:4": lambda: self.by_pillow(data, quality, 0),
            "pillow 4:2:0": lambda: self.by_pillow(data, quality, 2),
        }
        if "opencv" in self.programs:
            ways["opencv"] = lambda: opencv(decode(data), quality, self.exif)
        if "imagecodecs" in self.programs:
            ways["imagecodecs"] = lambda: imagecodecs(decode(data), quality, self.exif)
        name = list(ways)[int(self.rng.integers(len(ways)))]
        return f"{name} q{quality}", ways[name]()

    def singles(self, qualities: tuple[int, ...]) -> list[tuple[str, str, bytes]]:
        """Kind of save, its history, and the file: each encoder once with each of its qualities."""
        saves = []
        samplings = (0, 2) if decode(self.sealed).ndim == 3 else (2,)
        for quality in qualities:
            for sampling in samplings:
                name = f"pillow {'4:4:4' if sampling == 0 else '4:2:0'} q{quality}"
                saves.append(("Pillow", name, self.by_pillow(self.sealed, quality, sampling)))
        pixels = decode(self.sealed)
        if "opencv" in self.programs:
            for quality in (35, 60, 80, 92):
                data = opencv(pixels, quality, self.exif)
                saves.append(("OpenCV", f"opencv q{quality}", data))
        if "imagecodecs" in self.programs:
            for quality in (45, 70, 88):
                data = imagecodecs(pixels, quality, self.exif)
                saves.append(("imagecodecs", f"imagecodecs q{quality}", data))
        if "imagemagick" in self.programs:
            program = self.programs["imagemagick"]
            for quality in (55, 85):
                data = _run(self.sealed, program, "jpg:-", "-quality", str(quality), "jpg:-")
                saves.append(("ImageMagick", f"imagemagick q{quality}", data))
        if "jpegtran" in self.programs:
            program = self.programs["jpegtran"]
            data = _run(self.sealed, program, "-copy", "all", "-optimize", "-progressive")
            saves.append(("jpegtran", "jpegtran -optimize -progressive", data))
            data = self.by_pillow(data, 75, 2)
            saves.append(("jpegtran, Pillow", "jpegtran > pillow 4:2:0 q75", data))
        return saves

    def repeated(self, times: int) -> tuple[str, str, bytes]:
        """Two or three saves, each by an encoder and with a quality (30 to 95) that are drawn."""
        data, history = self.sealed, []
        for _ in range(times):
            name, data = self.one(data, int(self.rng.integers(30, 96)))
            history.append(name)
        return ("", "", "twice", "three times")[times], " > ".join(history), data
