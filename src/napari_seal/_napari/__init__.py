"""The napari side: a thin shell that translates layers into core calls and verdicts into signs.

Two directions meet in `attributes`, what napari knows about a layer as JSON and back::

    File > Save ──▶ writer ─────────┐                    ┌─▶ reader ──▶ viewer, drag and drop
    Save All ──▶ layers_writer ─────┼─▶ attributes ◀─────┤
    Seal layer... ──▶ seal_widget ──┘   preferences      └─▶ open_action  (Open and verify...)
                           │                                      │
                        sealing                           napari_seal.read ──▶ flag  (name, box)
                           │                                              ╲──▶ overlays  (regions)
                  seal, seal_stack

    stack ──▶ stack_reader ──▶ lazy layer ──plane read──▶ stack_watch ──▶ name, mark, boxes
                                  stack_task (thread) ──all planes──▲

    active layer ──▶ details_widget ──▶ what is known of it, camera, score map

    folder ──▶ verify_job (thread) ──▶ verdict_model ──▶ verdict_table in verify_widget

Only this package knows napari, magicgui and Qt; nothing in the core imports it.
"""
