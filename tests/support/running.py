"""Run cells of a notebook without a kernel, with some of them changed."""

import warnings

import nbformat
import torch


def code_cells(path):
    """The code cells of a notebook: id → source."""
    cells = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.source for cell in cells if cell.cell_type == "code"}


def run_cells(cells, names):
    """Run the cells with these ids, in this order, in a namespace of their own."""
    known = {"__name__": "lecture"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a wrong optimizer may leave the landscape
        for name in names:
            exec(compile(cells[name], f"<cell {name}>", "exec"), known)


def lost_by(monkeypatch, written):
    """Run cells of an exercise; returns the ids of the test cells that fail.

    Whatever a student writes, a test cell raises nothing but an AssertionError with a text.

    Args:
        written: (cell, source) in order; the source may be another than the cell's own.
    """
    monkeypatch.setenv("MY_STEP_PROGRESS", "off")
    dtype, names, failed = torch.get_default_dtype(), {}, []
    try:
        for cell, source in written:
            try:
                exec(compile(source, cell.id, "exec"), names)
            except AssertionError as error:
                assert cell.metadata.nbgrader.grade and len(str(error)) > 20
                failed.append(cell.id)
    finally:
        torch.set_default_dtype(dtype)
    return failed
