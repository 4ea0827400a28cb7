"""Measure how well the tile digests of a sealed PNG show where it was changed.

    pip install scikit-image opencv-python-headless imagecodecs
    python benchmarks/localise_lossless.py [--images DIR] [--seeds 10]

The pictures and edits of `localise.py`, at the depth that the pictures have.  Honest saves are
those of Pillow, OpenCV, imagecodecs and optipng, as far as they are installed; ImageMagick drops
the seal.
*Found* and *false region* mean what they mean there, but nothing is grown: a region has to touch
the edited pixels themselves, and each edited pixel has to lie in a region.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import localise_changes as changes
import localise_images as images
import numpy as np
from localise_images import Picture
from PIL import Image

import napari_seal
from napari_seal._format.png import chunk_of


def main() -> None:
    """Seal, save again, edit, check, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", help="a folder of further pictures")
    parser.add_argument("--seeds", type=int, default=10, help="synthetic pictures of each kind")
    arguments = parser.parse_args()
    pictures = [*images.shipped(), *images.fresh(arguments.seeds)]
    if arguments.images:
        pictures += images.own(arguments.images)
    honest: dict[str, list[bool]] = defaultdict(list)
    found: dict[tuple[str, int], list[bool]] = defaultdict(list)
    false = pixels_outside = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.sealed.png")
        for picture in pictures:
            try:
                napari_seal.seal(picture.array, path, overwrite=True)
            except napari_seal.ImageError:
                continue  # colours of more than 8 bits
            sealed = path.read_bytes()
            for program, data in saved_again(sealed):
                path.write_bytes(data)
                verdict = napari_seal.check(path)
                honest[program].append(verdict.verdict == "reencoded" and not verdict.regions)
            samples = decode(sealed)
            for kind, radius, edited, edits in edited_copies(samples, picture):
                path.write_bytes(save(edited, exif_of(sealed)))
                verdict = napari_seal.check(path)
                covered = np.zeros(samples.shape[:2], bool)
                for y0, x0, y1, x1 in verdict.regions:
                    covered[y0:y1, x0:x1] = True
                    false += not any(edit.touches((y0, x0, y1, x1), 0) for edit in edits)
                changed = edited != samples
                changed = changed if changed.ndim == 2 else changed.any(axis=2)
                pixels_outside += int((changed & ~covered).sum())
                found[kind, radius] += [
                    any(edit.touches(box, 0) for box in verdict.regions) for edit in edits
                ]
    print("| honest saves by | files | `reencoded`, no region |\n|---|---|---|")
    for program, right in honest.items():
        print(f"| {program} | {len(right):,} | {sum(right):,} |")
    print("\n| edit | " + " | ".join(f"r = {r}" for r in changes.RADII) + " |")
    print("|---|" + "---|" * len(changes.RADII))
    for kind in changes.KINDS:
        cells = (found[kind, radius] for radius in changes.RADII)
        print(f"| {kind} | " + " | ".join(share(cell) for cell in cells) + " |")
    print(f"\nFalse regions: {false}.  Changed pixels outside of all regions: {pixels_outside}.")


def share(right: list[bool]) -> str:
    """How many of the edits were found, and of how many."""
    return f"{np.mean(right):.1%} of {len(right):,}" if right else "-"


def edited_copies(
    samples: np.ndarray, picture: Picture
) -> Iterator[tuple[str, int, np.ndarray, list[changes.Edit]]]:
    """Copies of a picture with edits of each kind and radius, at the depth of the picture."""
    low, high = int(samples.min()), int(samples.max())
    shallow = samples
    if samples.dtype == np.uint16:
        shallow = ((samples.astype(float) - low) * 255 / max(high - low, 1)).astype(np.uint8)
    rng = picture.rng
    for radius in changes.RADII:
        known = changes.features(changes.luma(shallow), radius)
        for kind in changes.KINDS:
            edited, edits = changes.edit(shallow, kind, radius, known, rng)
            if not edits:
                continue
            if samples.dtype == np.uint16:
                moved = (edited.astype(int) - shallow) * max(high - low, 255) // 255
                edited = np.clip(samples + moved, 0, 65535).astype(np.uint16)
            yield kind, radius, edited, edits


def decode(data: bytes) -> np.ndarray:
    """The samples of a PNG."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def exif_of(data: bytes) -> bytes:
    """The Exif block of a PNG."""
    with Image.open(io.BytesIO(data)) as image:
        return bytes(image.info["exif"])


def save(samples: np.ndarray, exif: bytes, level: int = 6) -> bytes:
    """Save by Pillow."""
    out = io.BytesIO()
    Image.fromarray(samples).save(out, "PNG", exif=exif, compress_level=level)
    return out.getvalue()


def saved_again(sealed: bytes) -> Iterator[tuple[str, bytes]]:
    """The program, and the file that it makes of the same samples with the same Exif block."""
    samples, exif = decode(sealed), exif_of(sealed)
    for level in (0, 3, 9):
        yield "Pillow", save(samples, exif, level)
    if importlib.util.find_spec("cv2"):
        import cv2

        order = [2, 1, 0, 3]  # of its colours
        swapped = samples if samples.ndim == 2 else samples[..., order[: samples.shape[2]]]
        yield "OpenCV", with_exif(cv2.imencode(".png", swapped)[1].tobytes(), exif)
    if importlib.util.find_spec("imagecodecs"):
        from imagecodecs import png_encode

        yield "imagecodecs", with_exif(png_encode(samples, level=5), exif)
    if program := shutil.which("optipng"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "a.png")
            path.write_bytes(sealed)
            subprocess.run([program, "-quiet", "-o1", str(path)], check=True)
            yield "optipng", path.read_bytes()


def with_exif(data: bytes, exif: bytes) -> bytes:
    """Put the Exif block behind IHDR."""
    block = chunk_of(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    return data[:33] + block + data[33:]


if __name__ == "__main__":
    main()
