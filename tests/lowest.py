"""The lowest versions that pyproject.toml allows, as constraints for pip.

    python tests/lowest.py > lowest.txt && pip install -c lowest.txt -e ".[test]"

Of what users install; what only tests, builds or documents is left as it is.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
#: Extras of developers.
OURS = {"test", "docs", "dev", "fuzz"}


def requirements() -> list[Requirement]:
    """What users install beside napari-seal, with all extras."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].items()
    texts = [*project["dependencies"], *(t for name, ts in extras if name not in OURS for t in ts)]
    return [r for r in map(Requirement, texts) if r.name != project["name"]]


def constraints() -> list[str]:
    """One line for each package and version that stands behind ``>=``."""
    lines = {
        f"{requirement.name}=={bound.version}"
        + (f"; {requirement.marker}" if requirement.marker else "")
        for requirement in requirements()
        for bound in requirement.specifier
        if bound.operator == ">="
    }
    return sorted(lines, key=str.lower)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in constraints())
