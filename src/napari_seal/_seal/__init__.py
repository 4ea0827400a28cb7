"""From an array to a sealed file: accept, scale, encode, embed, write.

::

    array ──▶ source ──▶ window ──▶ encode ──▶ embed ──▶ write ──▶ file

Does not import `napari_seal._verify`: what seals must not be what verifies.
"""
