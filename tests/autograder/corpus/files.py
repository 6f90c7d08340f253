"""Broken files: what lies in the submission's folder is no notebook, or not only one."""

import json
import os

from tests.autograder.corpus.case import FILE, case


def swap(paper, data):
    """Hand in these bytes in the place of the notebook."""
    paper.files[paper.name] = data


# ── no notebook ──────────────────────────────────────────────────────────────────────────────────


@case(FILE, verdict=True)
def truncated(paper):
    """The upload broke off in the middle."""
    data = paper.bytes()
    swap(paper, data[: len(data) // 2])


@case(FILE, verdict=True)
def no_bytes(paper):
    """A file of 0 bytes."""
    swap(paper, b"")


@case(FILE, verdict=True)
def web_page(paper):
    """A web page, saved in the place of the notebook that it shows."""
    swap(paper, b"<!DOCTYPE html><html><title>sgd.ipynb</title><body>Sign in</body></html>")


@case(FILE, verdict=True)
def random_bytes(paper):
    """Bytes that are no text in any encoding."""
    swap(paper, b"\x00\xff\xfe\x80PK\x03\x04" * 1000)


@case(FILE, verdict=True)
def a_list(paper):
    """JSON, but a list."""
    swap(paper, b"[1, 2, 3]")


@case(FILE, verdict=True)
def null(paper):
    """JSON, but `null`."""
    swap(paper, b"null")


@case(FILE, verdict=True)
def deep_json(paper):
    """A hundred thousand opening brackets, which overflow a recursive reader."""
    swap(paper, b"[" * 100_000)


@case(FILE, verdict=True)
def cells_no_list(paper):
    """A notebook whose `cells` is a text."""
    paper.nb["cells"] = "all of them"


@case(FILE, verdict=True)
def no_cells(paper):
    """A notebook without a key `cells`."""
    del paper.nb["cells"]


@case(FILE, base="empty", flags=("another notebook",))
def zero_cells(paper):
    """A notebook with no cell in it."""
    paper.nb["cells"] = []


@case(FILE, verdict=True)
def folder_in_its_place(paper):
    """A folder with the name of the notebook."""
    swap(paper, lambda path: path.mkdir())


@case(FILE, verdict=True)
def fifo(paper):
    """A named pipe: whoever opens it waits for ever."""
    swap(paper, lambda path: os.mkfifo(path))


@case(FILE, verdict=True)
def link_to_solution(paper):
    """A symbolic link to the solution."""
    target = f"{paper.root}/solutions/02_sgd/{paper.name}"
    swap(paper, lambda path: path.symlink_to(target))


@case(FILE, verdict=True)
def link_to_itself(paper):
    """A symbolic link to itself."""
    swap(paper, lambda path: path.symlink_to(path))


@case(FILE, verdict=True)
def endless_device(paper):
    """A symbolic link to /dev/zero, which has no end."""
    swap(paper, lambda path: path.symlink_to("/dev/zero"))


@case(FILE, verdict=True)
def nothing_there(paper):
    """An empty folder."""
    paper.nb = None
    paper.files["README.txt"] = b"I will hand in tomorrow."


@case(FILE, verdict=True)
def huge(paper):
    """A notebook of 150 MB: a saved output that fills it."""
    output = dict(output_type="stream", name="stdout", text="x" * 150_000_000)
    paper.cell("setup")["outputs"] = [output]


# ── another form ─────────────────────────────────────────────────────────────────────────────────


@case(FILE)
def utf_16(paper):
    """Saved as UTF-16, by an editor of Windows."""
    swap(paper, json.dumps(paper.nb, ensure_ascii=False).encode("utf-16"))


@case(FILE)
def byte_order_mark(paper):
    """UTF-8 with a byte order mark."""
    swap(paper, b"\xef\xbb\xbf" + paper.bytes())


@case(FILE)
def nbformat_3(paper):
    """Saved as nbformat 3, as in 2014."""
    import nbformat

    old = nbformat.convert(nbformat.from_dict(paper.nb), 3)
    swap(paper, nbformat.v3.writes_json(old).encode())


@case(FILE)
def from_the_future(paper):
    """nbformat 4.99, which is not there yet."""
    paper.nb["nbformat_minor"] = 99


@case(FILE)
def nbformat_1000(paper):
    """nbformat 1000."""
    paper.nb["nbformat"] = 1000


@case(FILE)
def metadata_null(paper):
    """`metadata` is null: that of the notebook, and that of the text cells."""
    paper.nb["metadata"] = None
    for cell in paper.cells:
        if cell["cell_type"] == "markdown":
            cell["metadata"] = None


@case(FILE)
def cells_of_no_kind(paper):
    """Among the cells: a number, `null`, a cell of type `banana`, one without a source."""
    paper.cells[2:2] = [7, None, {"cell_type": "banana", "source": "x"}, {"cell_type": "code"}]


@case(FILE)
def sources_as_lines(paper):
    """Sources as lists of lines, as Jupyter itself writes them."""
    for cell in paper.cells:
        cell["source"] = cell["source"].splitlines(keepends=True)


@case(FILE, loses="limit")
def source_is_a_number(paper):
    """The source of one answer is the number 5."""
    paper.cell("limit")["source"] = 5


@case(FILE)
def half_a_character_in_a_source(paper):
    r"""A lone surrogate (`\ud83d`) in the source of a text cell and in a comment."""
    paper.add("nice \ud83d", kind="markdown")
    paper.before("axpy", "# \ud83d")


@case(FILE, verdict=True)
def many_cells(paper):
    """Five thousand empty cells: somebody's cat lay on the keyboard."""
    for i in range(5000):
        paper.cells.append(
            dict(
                cell_type="code",
                id=f"cat-{i}",
                metadata={},
                source="",
                outputs=[],
                execution_count=None,
            )
        )


@case(FILE)
def numbers_of_no_size(paper):
    """`NaN`, `Infinity` and 1 with 400 zeros in the metadata, which Python's JSON takes."""
    paper.nb["metadata"]["x"] = [float("nan"), float("inf"), 10**400]


# ── another name, more than one ──────────────────────────────────────────────────────────────────


@case(FILE)
def other_name(paper):
    """The notebook is called `my homework.ipynb`."""
    paper.files["my homework.ipynb"] = paper.bytes()
    paper.nb = None


@case(FILE)
def two_notebooks(paper):
    """Beside the notebook lies an older copy, `sgd-Copy1.ipynb`."""
    paper.files["sgd-Copy1.ipynb"] = paper.bytes()


@case(FILE)
def in_a_subfolder_too(paper):
    """`.ipynb_checkpoints/sgd-checkpoint.ipynb`, `__MACOSX/`, `Thumbs.db`."""
    paper.files[".ipynb_checkpoints/sgd-checkpoint.ipynb"] = b"{"
    paper.files["__MACOSX/._sgd.ipynb"] = b"\x00\x05\x16\x07"
    paper.files["Thumbs.db"] = b"\xd0\xcf\x11\xe0"


@case(FILE)
def odd_file_names(paper):
    """Files whose names are no text, hold a line break, or look like an option."""
    paper.files["-rf"] = paper.files["a\nb"] = paper.files["$(reboot).txt"] = b""
    paper.files["a bytes name"] = lambda path: open(os.fsencode(path) + b"\xff", "wb").close()


@case(FILE)
def own_helper_file(paper):
    """A module `helpers.py` beside the notebook, which a cell of the student's own imports."""
    paper.files["helpers.py"] = b"ANSWER = 42\n"
    paper.add("import helpers")


@case(FILE)
def bad_timestamp(paper):
    """A `timestamp.txt` that holds no time."""
    paper.files["timestamp.txt"] = b"yesterday, about noon\n\x00"


@case(FILE, student="josé o'brien (2nd try)")
def odd_student_name(paper):
    """A student whose name has spaces, an accent, an apostrophe and brackets."""


@case(FILE, student="=HYPERLINK(1)")
def formula_as_name(paper):
    """A student whose name is a formula for a spreadsheet."""


@case(FILE, student="<img src=x onerror=alert(1)>")
def html_as_name(paper):
    """A student whose name is HTML with a script."""


@case(FILE, student="\x1b[2J\x1b]0;mine\x07")
def terminal_name(paper):
    """A student whose name clears the terminal."""
