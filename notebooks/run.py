"""Runs a notebook on a bundle and fails where a cell fails: run.py NOTEBOOK BUNDLE. The notebook itself stays as it is.

Needs nbclient, ipykernel, polars and matplotlib. A notebook with outputs is refused: outputs do not belong in a checkout.
"""

import os
import sys

import nbformat
from nbclient import NotebookClient

path, bundle = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
        sys.exit(f"{path}: it holds outputs: clear them")
# What a user of a hosted notebook installs is here already.
notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("%pip")]
os.environ["CNSIM_BUNDLE"] = os.path.abspath(bundle)
os.environ["MPLBACKEND"] = "agg"
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
print(f"{path}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells")
