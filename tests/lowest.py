"""The lowest versions that pyproject.toml allows, as constraints for pip.

    python tests/lowest.py > lowest.txt
    pip install -c lowest.txt -e ".[sign,remote]" pytest hypothesis

Of what users install; what only tests, builds or documents is left as it is.  napari needs newer
versions of some packages than we do, so it has its own: ``python tests/lowest.py napari``.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
#: Extras of developers.
OURS = {"test", "docs", "dev", "quick", "fuzz"}
#: What stands apart.
NAPARI = {"napari", "all"}


def requirements(only: set[str] | None = None) -> list[Requirement]:
    """What users install beside napari-seal, with all extras or those that are named."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    texts = project["dependencies"] if only is None else []
    for name, extra in project["optional-dependencies"].items():
        if name in only if only is not None else name not in OURS:
            texts = [*texts, *extra]
    return [r for r in map(Requirement, texts) if r.name != project["name"]]


def constraints(napari: bool) -> Iterator[str]:
    """A line for each package and the version that stands behind its ``>=``."""
    wanted = {str(r): r for r in requirements(NAPARI if napari else None)}
    apart = set() if napari else {str(requirement) for requirement in requirements(NAPARI)}
    for text in sorted(set(wanted) - apart, key=str.lower):
        requirement = wanted[text]
        for bound in requirement.specifier:
            if bound.operator == ">=":
                marker = f"; {requirement.marker}" if requirement.marker else ""
                yield f"{requirement.name}=={bound.version}{marker}"


if __name__ == "__main__":
    lines = dict.fromkeys(constraints(napari=sys.argv[1:] == ["napari"]))  # napari is in two extras
    sys.stdout.writelines(f"{line}\n" for line in lines)
