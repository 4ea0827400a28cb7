"""Build hook that brings the top-level ``napari.yaml`` to where npe2 looks for it.

npe2 resolves the entry point ``napari_seal:napari.yaml`` to a file inside the package folder.
A wheel gets the manifest as an additional file.  An editable install points at ``src/``, so the
manifest is linked into it, or copied where the file system has no links.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MANIFEST = "napari.yaml"


class ManifestHook(BuildHookInterface[Any]):
    """Put the plugin manifest into the package, in wheels and in editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the manifest to ``build_data``, or link it where the install is editable."""
        source = Path(self.root, MANIFEST)
        if version != "editable":
            build_data["force_include"][str(source)] = f"napari_seal/{MANIFEST}"
            return
        target = Path(self.root, "src", "napari_seal", MANIFEST)
        target.unlink(missing_ok=True)
        try:
            target.symlink_to(Path("..", "..", MANIFEST))
        except OSError:
            shutil.copyfile(source, target)
