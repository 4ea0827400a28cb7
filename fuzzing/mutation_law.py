"""The law of mutations: what a random change of a sealed file's bytes may lead to.

``python fuzzing/mutation_law.py [--number 100000] [--pictures FOLDER] [--keep FOLDER]`` changes
sealed files of real pictures at random, and prints how often which verdict came of it, and each
case in which one of these does not hold:

1. `intact` is only said where Pillow shows the very picture that was sealed, or refuses the file,
   and then libjpeg or libpng alone do;
2. where only bytes outside the codestream were changed, and Pillow shows the same picture, no
   verdict speaks of the picture;
3. `reencoded` is only said where the same holds.

Which bytes are outside the codestream is stated here from the standards; nothing of the package but
`check` has a part in it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
import warnings
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import numpy as np
from PIL import Image
from rewrites import ANYWHERE, outside, splice
from support import sealed_bytes

from napari_seal import Window
from napari_seal._format.pixels import digest_array
from napari_seal._seal.embed import embed
from napari_seal._verify.check import check_bytes

IMAGE_WORDS = {"reencoded", "image-changed", "truncated"}
SIDE = 112


class Sealed(NamedTuple):
    """A sealed file, and what Pillow shows of it."""

    name: str
    data: bytes
    shown: bytes | None


# ---------------------------------------------------------------------------------- sealed pictures


def pictures(folder: str | None) -> list[np.ndarray]:
    """Parts of real pictures: of files that Pillow or tifffile read, or scikit-image's."""
    if folder is None:
        import skimage.data

        names = ("camera", "coins", "moon", "coffee", "astronaut", "cell")
        found = [np.asarray(getattr(skimage.data, name)()) for name in names]
    else:
        import tifffile

        paths = [p for p in sorted(Path(folder).rglob("*")) if p.suffix.lower() in _READERS]
        step = max(1, len(paths) // 12)
        found = [_READERS[p.suffix.lower()](p, tifffile) for p in paths[::step]]
    parts = []
    for whole in found:
        stacked = whole.ndim > 2 and whole.shape[-1] not in (3, 4)
        image = whole.reshape(-1, *whole.shape[-2:])[0] if stacked else whole
        y, x = ((length - SIDE) // 2 if length > SIDE else 0 for length in image.shape[:2])
        parts.append(np.ascontiguousarray(image[y : y + SIDE, x : x + SIDE]))
    return parts


def _with_pillow(path: Path, _: Any) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


_READERS = {
    ".tif": lambda path, tifffile: tifffile.imread(path),
    ".tiff": lambda path, tifffile: tifffile.imread(path),
    ".png": _with_pillow,
    ".jpg": _with_pillow,
}  # fmt: skip


def sealed_files(folder: str | None) -> list[Sealed]:
    """Each picture as JPEG and PNG, some of them progressive or with restart markers."""
    out = []
    for number, image in enumerate(pictures(folder)):
        options: dict[str, Any] = {"metadata": {"n": number}, "exif": {"Make": "Zeiss"}}
        if image.ndim == 2 or image.shape[2] == 3:
            for quality in (60, 90):
                data = sealed_bytes(image, quality=quality, **options)
                out.append((f"{number}-q{quality}.jpg", data))
        out.append((f"{number}.png", sealed_bytes(image, name="a.png", **options)))
        if image.ndim == 2:
            how = {"progressive": True} if number % 2 else {"restart_marker_blocks": 5}
            levels = (image >> 8 if image.dtype == np.uint16 else image).astype(np.uint8)
            encoded = io.BytesIO()
            Image.fromarray(levels).save(encoded, "JPEG", quality=85, **how)
            data, _ = embed(
                encoded.getvalue(), source=digest_array(levels, axes="YX"),
                window=Window(low=0, high=255), quality=85, metadata={}, exif_tags={}, layer=None,
                moedal=False,
            )  # fmt: skip
            out.append((f"{number}-other.jpg", data))
    return [Sealed(name, data, shown(data)) for name, data in out]


def shown(data: bytes) -> bytes | None:
    """What a user of Pillow sees: size and samples in RGBA or 16 bits; None where it refuses."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "MPO", "PNG"]) as image:
            seen = image if image.mode in ("I;16", "I") else image.convert("RGBA")
            return f"{image.size}".encode() + np.asarray(seen).tobytes()
    except Exception:  # noqa: BLE001 - whatever it raises, it shows nothing
        return None


def seen_otherwise(data: bytes) -> bytes | None:
    """The same by imagecodecs, if installed: libjpeg and libpng without Pillow's parsers."""
    try:
        import imagecodecs
    except ImportError:
        return None
    read = imagecodecs.jpeg8_decode if data[:1] == b"\xff" else imagecodecs.png_decode
    try:
        image = read(data)
        return f"{image.shape}".encode() + image.tobytes()
    except Exception:  # noqa: BLE001 - as above
        return None


# ------------------------------------------------------------------------------------------ the law


class Broken(NamedTuple):
    """A case in which the law does not hold."""

    law: str
    data: bytes


def mutate(files: list[Sealed], rng: Random) -> tuple[str, Sealed, bytes]:
    """A kind of change, the file that it was made to, and what became of it."""
    file = rng.choice(files)
    data = file.data
    chosen = rng.random()
    if chosen < 0.4:
        for _ in range(rng.choice((1, 1, 2, 3))):
            data = outside(data, rng)
        return "outside the codestream", file, data
    if chosen < 0.55:
        return "spliced from another", file, splice(data, rng.choice(files).data, rng)
    rewrite = rng.choice(ANYWHERE)
    data = rewrite(data, rng)
    for _ in range(rng.choice((0, 0, 0, 1, 3))):
        data = rng.choice(ANYWHERE[:4])(data, rng) if data else data
    return rewrite.__name__.replace("_", " "), file, data


def judge(kind: str, file: Sealed, data: bytes) -> tuple[str, str]:
    """The verdict, and which part of the law does not hold; empty where all does."""
    word = str(check_bytes(data, "a").verdict)
    if word not in ("intact", *IMAGE_WORDS):
        return word, ""
    if word in ("intact", "reencoded"):
        seen = shown(data)
        if seen is None:
            agrees = seen_otherwise(data) in (None, seen_otherwise(file.data))
            return f"{word}, refused by Pillow", "" if agrees else f"{word}, for another decoder"
        if seen != file.shown:
            return word, f"{word}, and Pillow shows another picture"
    if kind == "outside the codestream" and word in IMAGE_WORDS and shown(data) == file.shown:
        return word, f"{word}, and only bytes outside the codestream were changed"
    return word, ""


def run(
    files: list[Sealed], seed: int, number: int
) -> tuple[Counter[tuple[str, str]], list[Broken]]:
    """Some mutations, drawn from a seed."""
    warnings.simplefilter("ignore")
    rng = Random(seed)
    counts: Counter[tuple[str, str]] = Counter()
    broken = []
    for _ in range(number):
        kind, file, data = mutate(files, rng)
        if data == file.data:
            counts[kind, "unchanged"] += 1
            continue
        word, law = judge(kind, file, data)
        counts[kind, word] += 1
        if law:
            broken.append(Broken(f"{kind} of {file.name}, seed {seed}: {law}", data))
    return counts, broken


_FILES: list[Sealed] = []


def _begin(folder: str | None) -> None:
    _FILES.extend(sealed_files(folder))


def _portion(task: tuple[int, int]) -> tuple[Counter[tuple[str, str]], list[Broken]]:
    return run(_FILES, *task)


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--pictures", metavar="FOLDER")
    parser.add_argument("--keep", metavar="FOLDER", help="write files that break the law here")
    parser.add_argument("--seed", type=int, default=0, help="of the first 500 mutations")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    began, size = time.monotonic(), 500
    counts: Counter[tuple[str, str]] = Counter()
    broken: list[Broken] = []
    tasks = [(options.seed + n, size) for n in range(-(-options.number // size))]
    with Pool(options.jobs, _begin, (options.pictures,)) as pool:
        for done, (part, found) in enumerate(pool.imap_unordered(_portion, tasks), 1):
            counts += part
            broken += found
            if done % 20 == 0:
                print(
                    f"# {done * size:,} of {options.number:,}, {len(broken)} broken",
                    file=sys.stderr,
                )
    kinds = sorted({kind for kind, _ in counts})
    words = sorted({word for _, word in counts})
    width = max(map(len, words)) + 2
    print(f"{counts.total():,} mutations in {time.monotonic() - began:,.0f} s")
    for kind in kinds:
        print(f"{kind}: {sum(n for (k, _), n in counts.items() if k == kind):,}")
        for word in words:
            if counts[kind, word]:
                print(f"    {word:{width}}{counts[kind, word]:8,}")
    for number, (law, data) in enumerate(broken):
        print(f"BROKEN {number}: {law}")
        if options.keep:
            Path(options.keep).mkdir(parents=True, exist_ok=True)
            (Path(options.keep) / f"{number:04}").write_bytes(data)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
