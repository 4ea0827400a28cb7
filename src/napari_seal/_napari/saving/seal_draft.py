"""What the widget "Seal layer..." knows of one layer, also while another one is chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_seal._format.names import INDEX_ENDING
from napari_seal._napari.json_values import value_text
from napari_seal._napari.layers.user_metadata import metadata_to_json
from napari_seal._napari.saving.layer_data import data_of, extension_for
from napari_seal._napari.saving.seal_target import suggest_path
from napari_seal._text import printable

if TYPE_CHECKING:
    from napari.layers import Layer

Rows = list[tuple[str, str]]


@dataclass(slots=True)
class Draft:
    """What was written for a layer.

    Parameters
    ----------
    loaded, rows : list of (str, str)
        The table as the layer's own metadata fill it, and as it was left.
    suggested, target : str
        The file that was proposed, and what was left in the field.
    near : str
        Folder of the last file that was chosen or sealed, at first of the proposed one.
    """

    loaded: Rows
    rows: Rows
    suggested: str
    target: str
    near: str


def new_draft(layer: Layer, loaded: Rows, folder: str, extension: str) -> Draft:
    """Propose a file where one was put last, or beside the file that the layer came from.

    Parameters
    ----------
    layer : napari.layers.Layer
        To be sealed.
    loaded : list of (str, str)
        Its metadata.
    folder : str
        Where a file was put last; empty for none.
    extension : str
        Of sealed files, where the layer can be one of either format.
    """
    source = layer.source.path
    beside = Path(source).parent if source else Path.home()
    if source and source.lower().endswith(INDEX_ENDING):
        beside = beside.parent  # beside the folder of a stack, not in it
    suggested = suggest_path(
        layer.name, folder or str(beside), extension_for(*data_of(layer), extension)
    )
    return Draft(
        loaded=loaded,
        rows=loaded,
        suggested=suggested,
        target=suggested,
        near=os.path.dirname(suggested),
    )


def read_metadata(layer: Layer, common: Mapping[str, Any]) -> tuple[Rows, list[str]]:
    """Return the metadata of a layer as texts, and what JSON has no form for.

    Parameters
    ----------
    layer : napari.layers.Layer
        Its own metadata come last, and win.
    common : mapping
        What every seal carries.
    """
    known, lost = metadata_to_json(layer.metadata)
    rows = []
    for key, value in {**common, **known}.items():
        try:
            rows.append((key, value_text(value)))
        except ValueError as error:
            lost.append(f"{printable(key, 60)} ({error})")
    return rows, lost
