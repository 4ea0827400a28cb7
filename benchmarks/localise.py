"""Measure how well a seal's fingerprint shows where a picture was changed, and what it costs.

    pip install scikit-image opencv-python-headless imagecodecs
    python benchmarks/localise.py [--images DIR] [--seeds 10] [--split test] [--only PART]

Everything goes through the public functions: `napari_seal.seal` writes a file, an encoder saves it
again, `napari_seal.check` says what it finds.  Prints Markdown tables.  OpenCV, imagecodecs,
ImageMagick and jpegtran take part where they are installed; Pillow always does.

*Found*: a region of the verdict touches the box of the edit, grown by 3 pixels.
*False region*: a region that touches none of the edits so grown; in an honest save, any region.
"""

from __future__ import annotations

import argparse
import collections
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import localise_changes as changes
import localise_images as images
import localise_saves as saves
import numpy as np
from localise_cost import measure_cost
from localise_images import Picture
from localise_tables import confusion_table, edit_table, honest_table, print_setting

import napari_seal
from napari_seal._format import tiles

QUALITIES = (30, 40, 50, 60, 70, 75, 80, 85, 90, 95)
#: For the quality that a picture is sealed at: the default, and others now and then.
SEALED_AT = (90, 90, 95, 75, 50)
#: Codes that say how a picture was changed, the first that a verdict has counts.
CODES = (
    "rotated",
    "flipped",
    "cropped",
    "resized",
    "tone-changed",
    "picture-replaced",
    "changed-everywhere",
    "edited",
)


class Bench:
    """Seals pictures in a temporary folder, saves them again and counts what is found."""

    def __init__(self, folder: str) -> None:
        self.sealed_path = str(Path(folder, "a.sealed.jpg"))
        self.changed_path = str(Path(folder, "changed.sealed.jpg"))
        self.honest: list[dict[str, object]] = []
        self.edits: list[dict[str, object]] = []
        self.whole: list[tuple[str, str, str]] = []
        self.false: list[str] = []

    def seal(self, picture: Picture, quality: int) -> bytes:
        """Seal a picture; the file."""
        napari_seal.seal(picture.array, self.sealed_path, quality=quality, overwrite=True)
        return Path(self.sealed_path).read_bytes()

    def check(self, data: bytes) -> napari_seal.Verdict:
        """Check a changed file."""
        Path(self.changed_path).write_bytes(data)
        verdict = napari_seal.check(self.changed_path)
        if verdict.verdict not in {"image-changed", "reencoded", "intact"}:
            raise AssertionError(f"the Exif block was lost: {verdict}")
        return verdict

    def save_honestly(self, group: str, picture: Picture, twice: int, thrice: int) -> None:
        """Save a sealed picture again in many ways that change no content."""
        rng = picture.rng
        quality = int(rng.choice(SEALED_AT))
        saver = saves.Saver(self.seal(picture, quality), rng)
        files = saver.singles(QUALITIES)
        files += [saver.repeated(2) for _ in range(twice)]
        files += [saver.repeated(3) for _ in range(thrice)]
        for kind, history, data in files:
            verdict = self.check(data)
            code = told(verdict)
            wrong = bool(verdict.regions) or code not in {"", "edited"}
            score = 0.0 if verdict.scores is None else float(verdict.scores.scores.max())
            self.honest.append(
                {
                    "group": group,
                    "picture": picture.name,
                    "kind": kind,
                    "wrong": wrong,
                    "score": score,
                    "history": f"{picture.name}, sealed q{quality}: {history}",
                }
            )
            if wrong:
                self.false.append(
                    f"honest: {picture.name}, sealed q{quality}, {history}: "
                    f"{code} {verdict.regions} score {score:.2f}"
                )

    def edit(self, group: str, picture: Picture) -> None:
        """Edit a sealed picture in up to three places, and save it again."""
        rng = picture.rng
        sealed = self.seal(picture, 90)
        pixels, exif = saves.decode(sealed), saves.exif_of(sealed)
        plane = changes.luma(pixels)
        for radius in changes.RADII:
            found = changes.features(plane, radius)
            for kind in changes.KINDS:
                edited, done = changes.edit(pixels, kind, radius, found, rng)
                for quality in (50, 75, 90) if done else ():
                    subsampling = int(rng.choice([0, 2]))
                    data = saves.pillow(edited, quality, exif, subsampling)
                    verdict = self.check(data)
                    self._count(group, picture, kind, quality, done, verdict)

    def _count(
        self,
        group: str,
        picture: Picture,
        kind: str,
        quality: int,
        done: list[changes.Edit],
        verdict: napari_seal.Verdict,
    ) -> None:
        out_of_place = [box for box in verdict.regions if not any(e.touches(box) for e in done)]
        if out_of_place:
            self.false.append(
                f"edited: {picture.name}, {kind} r{done[0].radius} q{quality}: {out_of_place}"
            )
        for index, one in enumerate(done):
            hits = [box for box in verdict.regions if one.touches(box)]
            self.edits.append(
                {
                    "group": group,
                    "kind": kind,
                    "radius": one.radius,
                    "quality": quality,
                    "contrast": one.contrast,
                    "found": bool(hits),
                    "area": sum((y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in hits),
                    "file": index == 0,
                    "false": bool(out_of_place),
                }
            )

    def change_all(self, picture: Picture, other: Picture) -> None:
        """Change a whole picture, and see what it is called."""
        rng = picture.rng
        sealed = self.seal(picture, 90)
        pixels, exif = saves.decode(sealed), saves.exif_of(sealed)
        stand_in = saves.decode(self.seal(other, 90))
        for kind, right, changed in changes.whole(pixels, stand_in, rng):
            quality = int(rng.choice([60, 75, 90]))
            data = saves.pillow(np.ascontiguousarray(changed), quality, exif)
            code = told(self.check(data))
            self.whole.append((kind, right, code))
            if code not in {"", "edited", "changed-everywhere", *right.split("|")}:
                self.false.append(f"whole: {picture.name}, {kind} q{quality}: called {code}")


def told(verdict: napari_seal.Verdict) -> str:
    """The code that says how the picture was changed; empty where none does.

    `edited` counts with a region only: without, it says that the place cannot be told.
    """
    codes = {str(reason.code) for reason in verdict.reasons}
    if not verdict.regions:
        codes.discard("edited")
    return next((code for code in CODES if code in codes), "")


def main() -> None:
    """Run the parts that are asked for, and print their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", metavar="DIR", help="a folder of your own pictures")
    parser.add_argument("--seeds", type=int, default=10, help="synthetic pictures of each kind")
    parser.add_argument("--crops", type=int, default=2, help="crops of each shipped picture")
    parser.add_argument("--twice", type=int, default=8, help="double saves of each picture")
    parser.add_argument("--thrice", type=int, default=16, help="triple saves of each picture")
    parser.add_argument("--rounds", type=int, default=60, help="of which the fastest counts")
    parser.add_argument("--split", choices=("test", "calibration", "both"), default="test")
    parser.add_argument(
        "--budget", type=int, help="bytes of a fingerprint, to see what larger ones would find"
    )
    parser.add_argument("--only", choices=("honest", "edits", "whole", "cost"))
    parser.add_argument("--picture", help="only pictures whose name contains this")
    options = parser.parse_args()
    start = time.monotonic()
    if options.budget:
        print(f"\n**Fingerprints of at most {options.budget:,} bytes, which no seal has.**")
        tiles.BUDGET, tiles.MOST = options.budget, 8 * options.budget

    own = list(images.own(options.images)) if options.images else []
    known, own = (
        [p for p in pictures if _wanted(p, options.split, options.picture)]
        for pictures in (images.shipped(), own)
    )
    crops = [
        p
        for p in images.crops(options.crops)
        if _wanted(p, options.split, options.picture, p.name.split("/", 1)[1].rsplit("/", 1)[0])
    ]
    fresh = [p for p in images.fresh(options.seeds) if _wanted(p, "both", options.picture)]
    groups = {"scikit-image": known, "own folder": own, "crops": crops, "synthetic": fresh}
    known = [*known, *own]
    print_setting(options.split, groups)

    parts = [options.only] if options.only else ["honest", "edits", "whole", "cost"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        for group, picture in _pairs(groups):
            if "honest" in parts:
                bench.save_honestly(group, picture, options.twice, options.thrice)
            if "edits" in parts and group != "crops":
                bench.edit(group, picture)
        if "whole" in parts:
            for index, picture in enumerate(known):
                bench.change_all(picture, known[index - 1])
        honest_table(bench.honest)
        edit_table(bench.edits, changes.KINDS)
        confusion_table(bench.whole, CODES)
        print("\nFalse regions and wrong names, to repeat with --picture:\n")
        print("\n".join(f"- {line}" for line in bench.false) or "none")
        if "cost" in parts:
            measure_cost(folder, [*known, *fresh], options.rounds)
    print(f"\nTook {(time.monotonic() - start) / 60:.0f} minutes.")


def _wanted(picture: Picture, split: str, part: str | None, name: str | None = None) -> bool:
    half = images.side_of_split(name or picture.name)
    return split in {"both", half} and (part is None or part in picture.name)


def _pairs(groups: dict[str, list[Picture]]) -> Iterable[tuple[str, Picture]]:
    counts = collections.Counter({name: len(pictures) for name, pictures in groups.items()})
    for group, pictures in groups.items():
        for index, picture in enumerate(pictures):
            if index % 10 == 0:
                print(f"<!-- {group}: {index} of {counts[group]} -->", flush=True)
            yield group, picture


if __name__ == "__main__":
    main()
