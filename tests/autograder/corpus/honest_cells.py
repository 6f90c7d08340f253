"""Honest but broken: cells pushed about, other habits, other machines."""

from tests.autograder.corpus.case import HONEST, MOMENTUM, case

# ── cells pushed about ───────────────────────────────────────────────────────────────────────────


@case(HONEST, drawn=True)
def tests_deleted(paper):
    """All test cells were deleted."""
    for cell in paper.tests:
        paper.cells.remove(cell)


@case(HONEST, loses="limit")
def answer_deleted(paper):
    """An answer cell was deleted."""
    paper.cells.remove(paper.cell("limit"))


@case(HONEST)
def locked_cell_deleted(paper):
    """The locked cell with the imports was deleted."""
    paper.cells.remove(paper.cell("imports"))


@case(HONEST)
def test_twice(paper):
    """A test cell was copied: it is there twice."""
    paper.twin("sgd-check")["id"] = "copy"


@case(HONEST)
def answer_twice(paper):
    """An answer cell was copied; the first copy is the old try, the second one is right."""
    twin = paper.twin("sgd-step")
    twin["id"] = "copy"
    paper.write("sgd-step", twin["source"].replace("-group", "group"))


@case(HONEST)
def same_cell_id_everywhere(paper):
    """A tool gave all cells the same id."""
    for cell in paper.cells:
        cell["id"] = "x"


@case(HONEST)
def without_cell_ids(paper):
    """Saved by an old editor: nbformat 4.4, no cell ids."""
    paper.nb["nbformat_minor"] = 4
    for cell in paper.cells:
        del cell["id"]


@case(HONEST)
def answer_split(paper):
    """An answer was split in two with Ctrl-Shift-Minus: the second half is an unmarked cell."""
    paper.write("noise", "def relative(target, noise):\n    return noise / target")
    paper.add(
        "def batch_size_for(target, noise, batch_size):\n"
        "    return batch_size * relative(target, noise) ** 2",
        before="noise-half",
    )


@case(HONEST)
def answer_in_own_cell(paper):
    """The answer cell was left empty; the answer is in a new cell below it."""
    source = paper.cell("sgd-step")["source"]
    paper.write("sgd-step", "")
    paper.add(source, before="sgd-numbers")


@case(HONEST, loses="axpy-value axpy-in-place axpy-hidden")
def answer_at_the_end(paper):
    """An answer only in a new cell at the end, after its tests."""
    source = paper.cell("axpy")["source"]
    paper.write("axpy", "# see the end")
    paper.add(source, before="end")


@case(HONEST)
def helper_above(paper):
    """Answers use a helper from a cell of the student's own further up."""
    paper.add("def largest(values):\n    return max(values.tolist())")
    paper.body("limit", "return 2 / largest(curvatures)")


@case(HONEST, drawn=True)
def reordered(paper):
    """The questions stand in another order, tests before their answers."""
    paper.cells.reverse()


@case(HONEST)
def retyped_to_markdown(paper):
    """An answer cell was turned into text."""
    cell = paper.cell("limit")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


@case(HONEST)
def tests_retyped_to_raw(paper):
    """The test cells were turned into raw cells, to run faster."""
    for cell in paper.tests:
        cell["cell_type"] = "raw"
        del cell["outputs"], cell["execution_count"]


@case(HONEST)
def marks_lost(paper):
    """An editor threw all cell metadata away."""
    for cell in paper.cells:
        cell["metadata"] = {}


@case(HONEST)
def outputs_cleared(paper):
    """All outputs are cleared, and the whole is indented and sorted anew."""
    import json

    text = json.dumps(paper.nb, indent=4, sort_keys=True)
    paper.files[paper.name] = text.replace("\n", "\r\n").encode()


@case(HONEST)
def other_kernel(paper):
    """The kernel is called `conda-env-ml-py`, which exists on the student's machine only."""
    paper.nb["metadata"]["kernelspec"] = dict(
        name="conda-env-ml-py", display_name="Python [conda env:ml]", language="python"
    )


@case(HONEST)
def picture_pasted(paper):
    """A photo of 8 MB was pasted into the text."""
    cell = paper.add("My derivation: ![photo](attachment:photo.png)", kind="markdown")
    cell["attachments"] = {"photo.png": {"image/png": "iVBORw0K" * 1_000_000}}


@case(HONEST)
def saved_outputs_absurd(paper):
    """What is stored as outputs is broken: no type, no data."""
    for cell in paper.cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream"}, {"data": None}, {"output_type": "error"}]


# ── other habits, other machines ─────────────────────────────────────────────────────────────────


@case(HONEST, loses="groups")
def syntax_error(paper):
    """A colon is missing in one answer."""
    paper.write(
        "groups", paper.cell("groups")["source"].replace("SGDOptimizer:", "SGDOptimizer", 1)
    )


@case(HONEST)
def installs_a_package(paper):
    """`!pip install` and `%pip install` at the top, as on Colab."""
    paper.add("!pip install -q torchinfo\n%pip install -q torchinfo")


@case(HONEST)
def colab_lines(paper):
    """Lines for Colab: mount the drive, `%tensorflow_version`, `!nvidia-smi`, `%cd /content`."""
    for line in (
        "from google.colab import drive",
        "%tensorflow_version 2.x",
        "!nvidia-smi",
        "%cd /content",
    ):
        paper.add(line)


@case(HONEST)
def missing_module(paper):
    """Imports a module that is not there, in a cell of its own."""
    paper.add("import a_module_that_nobody_has")


@case(HONEST)
def missing_file(paper):
    """Reads a file that is not there."""
    paper.add("numbers = open('../../my_data.csv').read()")


@case(HONEST)
def top_level_await(paper):
    """`await` at the top level of a cell, and `asyncio.run`, which IPython refuses."""
    paper.add("import asyncio\nawait asyncio.sleep(0.01)")
    paper.add("asyncio.run(asyncio.sleep(0.01))")


@case(HONEST)
def magics(paper):
    """`%%time` over an answer, `%timeit`, `%%capture`, `%matplotlib` with other backends."""
    paper.before("limit", "%%time")
    paper.add("%timeit -n1 -r1 1 + 1")
    paper.add("%%capture said\nprint(1)")
    for line in (
        "%matplotlib widget",
        "%matplotlib qt",
        "import matplotlib\nmatplotlib.use('TkAgg')",
    ):
        paper.add(line)


@case(HONEST, loses="axpy")
def writefile(paper):
    """`%%writefile` over an answer: the function goes into a file and is never defined."""
    paper.before("axpy", "%%writefile axpy.py")


@case(HONEST)
def threads_left(paper):
    """Threads that are left running, one of which computes."""
    paper.add(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n"
        "def spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
        before="noise-text",
    )


@case(HONEST)
def process_left(paper):
    """A process that is left running."""
    paper.add(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300) # corpus-leftover'])"
    )


@case(HONEST)
def moves_away(paper):
    """Changes the working folder, empties `sys.path`, deletes all that lies about."""
    paper.add(
        "import os, shutil, sys\nshutil.rmtree('.', ignore_errors=True)\nos.chdir('/')\nsys.path.clear()"
    )


@case(HONEST)
def other_defaults(paper):
    """Changes torch's default dtype, its seed, its printing, and its number of threads."""
    paper.add(
        "torch.set_default_dtype(torch.float64)\ntorch.manual_seed(7)\n"
        "torch.set_printoptions(precision=2)\ntorch.set_num_threads(2)"
    )


@case(HONEST)
def warnings_as_errors(paper):
    """`warnings.simplefilter('error')`."""
    paper.add("import warnings\nwarnings.simplefilter('error')")


@case(HONEST, MOMENTUM)
def names_taken(paper):
    """Names that test cells use are also the student's own: `expected`, `cases`, `hyper`."""
    paper.add("expected, cases, hyper, two_steps, searched = 1, 2, 3, 4, 5")


@case(HONEST, loses="train")
def cuda(paper):
    """One answer moves the model to a GPU that is not there."""
    paper.body(
        "train",
        "model = model.to('cuda')\nloss = F.cross_entropy(model(x.cuda()), y.cuda())\nreturn loss.item()",
    )


@case(HONEST, "01_ewma")
def data_loader_processes(paper):
    """A DataLoader with two worker processes."""
    paper.add(
        "from torch.utils.data import DataLoader\n"
        "batches = list(DataLoader(torch.arange(8), num_workers=2))\nassert len(batches) == 8"
    )


@case(HONEST, "05_adam", loses="adam-by-hand adam-check adam-hidden adamw")
def one_wrong_adam(paper):
    """Plain SGD where Adam was asked for, from which the next answer derives; all others are right."""
    paper.body("adam", "p.sub_(p.grad, alpha=group['lr'])")
