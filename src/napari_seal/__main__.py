"""``python -m napari_seal``: the command line."""

from napari_seal._cli import main

if __name__ == "__main__":
    main(prog_name="napari-seal")
