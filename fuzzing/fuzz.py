"""Fuzz one reader with atheris: ``python fuzzing/fuzz.py PROPERTY FOLDER... [-OPTION=...]``.

The properties are those of ``properties.py``.  New inputs are kept in the first folder; an input
for which a property does not hold is written to ``crash-...`` in the present folder::

    python fuzzing/seeds.py /tmp/seeds
    python fuzzing/fuzz.py exif /tmp/grown/exif /tmp/seeds/exif -max_total_time=600
    python fuzzing/fuzz.py exif -merge=1 tests/data/corpus/exif /tmp/grown/exif

atheris, of the extra ``fuzz``, has wheels for some versions of Python only.  An input takes at most
`SECONDS` of processor time, and `MEMORY` beyond what the process began with.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

with atheris.instrument_imports(include=["napari_seal"]):
    import properties

#: Instrumented code takes some times as long as the code itself, and other processes disturb.
SECONDS = 2.0
MEMORY = 300 << 20


def main() -> None:
    """Run the fuzzer; libFuzzer itself ends the process."""
    name = sys.argv.pop(1)
    holds = properties.PROPERTIES[name]
    for folder in sys.argv[1:2]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def test_one_input(data: bytes) -> None:
        began = time.process_time()
        holds(data)
        assert time.process_time() - began < SECONDS, "too slow"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        assert peak - before < MEMORY, "too much memory"

    options = ["-timeout=30", "-rss_limit_mb=1500", "-max_len=65536"]
    # How libFuzzer starts another process, to merge folders of inputs.
    command = f"{sys.executable} {Path(__file__).resolve()} {name}"
    atheris.Setup([command, *options, *sys.argv[1:]], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
