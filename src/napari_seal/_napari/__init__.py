"""The napari side: a thin shell that translates layers into core calls and verdicts into signs.

Two directions meet in `attributes`, what napari knows about a layer as JSON and back::

    File > Save ──▶ writer ─┐                       ┌─▶ reader ──▶ viewer, drag and drop
    Seal layer... ──▶ seal_widget ─▶ attributes ◀─┤
                            │                       └─▶ open_action  (Open and verify...)
                            ▼                               │
                   napari_seal.seal                 napari_seal.read ──▶ flag  (name, overlay, box)
                                                                   ╲──▶ overlays  (boxes, score map)

    active layer ──▶ details_widget ──▶ what is known of it, camera, score map

    folder ──▶ verify_job (thread) ──▶ verdict_model ──▶ verdict_table in verify_widget

Only this package knows napari, magicgui and Qt; nothing in the core imports it.
"""
