"""From acquisition software to sealed stacks, while the microscope runs.

::

    events that are planned ──▶ plan: which frame belongs where
                                       │
    frame, event, metadata ──▶ run ──▶ StackWriter of each stack ──▶ Sealer
                                 └──▶ single files, where no stack was planned

`handler` connects this to pymmcore-plus, which it does not import.
"""
