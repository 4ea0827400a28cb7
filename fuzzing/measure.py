"""Verdict, time and memory of the files of ``worst_cases.py``.

``python fuzzing/measure.py [NAME...]`` checks each in a process of its own and prints a table.
Time is the processor's; memory is the most that the process had, less what it began with and the
file's own bytes.  What Pillow alone takes for the picture is measured in the same way, and stands
beside it where the picture has to be decoded; of the other files what reading takes.  For Linux.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from napari_seal._format import limits

#: What a file may take beyond what a decoder alone takes, in seconds and bytes.
SECONDS, MEMORY = 2.0, 300_000_000
# Files of which reading takes a time that counts.
_MUCH = 50_000_000


@dataclass(frozen=True)
class Measured:
    """What checking a file took, and what decoding its picture, or else reading it, takes."""

    verdict: str
    codes: list[str]
    seconds: float
    memory: int
    decoding: float
    decoded: int

    @property
    def beyond(self) -> tuple[float, int]:
        """Seconds and bytes that the decoder alone, or reading the file, does not take."""
        return self.seconds - self.decoding, self.memory - self.decoded


def measure(name: str, folder: Path) -> Measured:
    """Make the file of a case, check it in a process of its own, and decode it in another."""
    from worst_cases import CASES

    case = CASES[name]
    path = folder / case.name
    if case.special:
        case.make(path)
    else:
        path.write_bytes(case.make())
    checked = _in_process("check", path)
    least = {"seconds": 0.0, "memory": 0}
    if checked["decodes"]:
        least = _in_process("decode", path)
    elif checked["size"] > _MUCH:
        least = _in_process("read", path)
    return Measured(
        checked["verdict"], checked["codes"], checked["seconds"], checked["memory"],
        least["seconds"], least["memory"],
    )  # fmt: skip


def _in_process(what: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "measure.py"), f"--{what}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    out: dict[str, Any] = json.loads(done.stdout)
    return out


def _highest() -> int:
    """The most memory that this process has had (Linux; `ru_maxrss` may be the parent's)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def _measured(work: Callable[[], Any], size: int) -> tuple[Any, float, int]:
    before, began = _highest(), resource.getrusage(resource.RUSAGE_SELF)
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime - began.ru_utime + after.ru_stime - began.ru_stime
    return result, seconds, max(0, _highest() - before - size)


def _check(path: Path) -> dict[str, Any]:
    import napari_seal
    from napari_seal._verify.change import original  # noqa: F401 - not part of the time

    size = path.stat().st_size if path.is_file() and path.stat().st_size <= limits.FILE_BYTES else 0
    verdict, seconds, memory = _measured(lambda: napari_seal.check(path), size)
    image = verdict.verdict in ("reencoded", "image-changed")
    codes = [str(reason.code) for reason in verdict.reasons]
    moedal = "moedal-unprotected" in codes
    decodes = (image or moedal) and not {"size-changed", "limit-exceeded"} & set(codes)
    return {
        "verdict": str(verdict.verdict), "codes": codes, "seconds": seconds, "memory": memory,
        "decodes": decodes, "size": size,
    }  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    """What reading the file takes."""
    size = path.stat().st_size
    _, seconds, memory = _measured(path.read_bytes, size)
    return {"seconds": seconds, "memory": memory}


def _decode(path: Path) -> dict[str, Any]:
    """What Pillow alone takes, for an array of the picture or up to its error."""
    import numpy as np
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    np.array(Image.new("L", (8, 8)))

    def work() -> None:
        # Whatever Pillow raises, that is as far as it comes.
        with (
            contextlib.suppress(Exception),
            Image.open(path, formats=["JPEG", "PNG"]) as image,
        ):
            if image.width * image.height <= limits.PIXELS:
                np.array(image)

    _, seconds, memory = _measured(work, 0)
    return {"seconds": seconds, "memory": memory}


def main(names: list[str]) -> None:
    """Print the table."""
    from worst_cases import CASES

    heads = ("file", "verdict", "s", "MB", "Pillow s", "MB", "beyond s", "MB")
    print("{:42}{:18}{:>6}{:>7}{:>10}{:>7}{:>10}{:>7}".format(*heads))
    for name in names or CASES:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(name, Path(folder))
        case, (seconds, memory) = CASES[name], found.beyond
        agrees = found.verdict == case.verdict and case.code in [*found.codes, ""]
        print(
            f"{name:42}{found.verdict:18}{found.seconds:6.2f}{found.memory / 1e6:7.0f} "
            f"{found.decoding:9.2f}{found.decoded / 1e6:7.0f} {seconds:9.2f}{memory / 1e6:7.0f}"
            + ("" if agrees else f"  WRONG: {found.codes}")
            + ("  SLOW" if seconds > SECONDS else "")
            + ("  LARGE" if memory > MEMORY else ""),
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        print(json.dumps(_check(Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--read"]:
        print(json.dumps(_read(Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--decode"]:
        print(json.dumps(_decode(Path(sys.argv[2]))))
    else:
        main(sys.argv[1:])
