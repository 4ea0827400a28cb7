"""Seals for files that are there already: their image data are not touched.

::

    file ──▶ look ──▶ splice ──▶ prove ──▶ put ──▶ the same image, sealed
              ╲ comment
               refused: why

Stands above `napari_seal._seal`, whose way of writing it uses, and `napari_seal._verify`, which
says what a file is before, and has to find it intact afterwards.
"""
