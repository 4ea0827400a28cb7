"""Reading what microscopes and other software write, losing nothing.

For sealing images, and for comparing a sealed file with the original it was made from.

::

    path ──▶ open_images ──▶ one OpenedImage a scene ──▶ planes ──▶ seal
                  │
      tiff   nd2   czi   zarr   plain       the field's readers, each behind one module
"""

from napari_seal._images.names import EXTENSIONS, FOLDER_EXTENSIONS, JPEG_EXTENSIONS, is_zarr
from napari_seal._images.open import open_images
from napari_seal._images.opened import OpenedImage, PlaneArray
from napari_seal._images.planes import (
    index_in_name,
    layer_attributes,
    number_of_planes,
    place,
    planes,
    stack_attributes,
)

__all__ = [
    "EXTENSIONS",
    "FOLDER_EXTENSIONS",
    "JPEG_EXTENSIONS",
    "OpenedImage",
    "PlaneArray",
    "index_in_name",
    "is_zarr",
    "layer_attributes",
    "number_of_planes",
    "open_images",
    "place",
    "planes",
    "stack_attributes",
]
