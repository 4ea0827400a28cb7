"""napari shows what was sealed from a microscope's file at its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from napari_seal._cli import main
from napari_seal._napari.opening.reader import read_layer


@pytest.mark.parametrize("unit", ["µm", "nm"])
def test_pixel_size_comes_through(unit: str, picture: np.ndarray, tmp_path: Path) -> None:
    """From the metadata of an OME-TIFF through the command line into the layer."""
    stack = np.stack([picture, picture // 2])
    metadata = {
        "axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]},
        "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": unit,
        "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": unit,
    }  # fmt: skip
    tifffile.imwrite(tmp_path / "cells.ome.tif", stack, metadata=metadata)
    arguments = ["seal", str(tmp_path / "cells.ome.tif"), "--out", str(tmp_path), "--planes"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    layer = read_layer(str(tmp_path / "cells.ome_c1.sealed.jpg"))
    assert layer.name == "cells.ome C=1 (GFP)"
    assert layer.scale.tolist() == [0.5, 0.25]
    expected = {"µm": "micrometer", "nm": "nanometer"}[unit]
    assert [str(one) for one in layer.units] == [expected, expected]
    assert layer.axis_labels == ("y", "x")
    assert layer.metadata["seal"]["notes"] == []
