"""A cell runs as in a notebook."""

import base64

import pytest

from autograder.model import DIED, ERROR, LATE, OK

pytestmark = pytest.mark.slow


def stream(ran, name="stdout"):
    return "".join(one["text"] for one in ran.outputs if one.get("name") == name)


def error(ran):
    (one,) = [one for one in ran.outputs if one["output_type"] == "error"]
    return one


def test_the_last_line_is_the_result(run):
    ran = run("x = 20", "x + 1")
    assert ran.status == OK and ran.execution_count == 2
    assert ran.outputs == [
        dict(
            output_type="execute_result",
            data={"text/plain": "21"},
            metadata={},
            execution_count=2,
        )
    ]


def test_a_semicolon_hides_it_and_the_underscore_has_it(run):
    assert run("6 * 7;").outputs == []
    assert stream(run("41 + 1", "print(_)")) == "42\n"


def test_prints_results_and_pictures_come_in_order(run):
    ran = run("print('a'); display('b'); print('c')\n'd'")
    kinds = [one["output_type"] for one in ran.outputs]
    assert kinds == ["stream", "display_data", "stream", "execute_result"]


def test_a_figure_is_shown_at_the_end_of_the_cell(run):
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    (shown,) = ran.outputs
    assert base64.b64decode(shown["data"]["image/png"]).startswith(b"\x89PNG")


def test_pictures_of_utils_are_shown(run):
    ran = run("from utils import plots", "plots.series({'loss': [3, 2, 1]}, 'step', 'loss')")
    assert ran.status == OK, ran.outputs
    data = ran.outputs[-1]["data"]
    assert any(kind.startswith("image/") or kind == "text/html" for kind in data)


def test_magics(run):
    assert stream(run("%matplotlib inline", "%%capture got\nprint('x')", "got.stdout")) == ""
    assert (
        run("%%capture got\nprint('x')", "got.stdout").outputs[0]["data"]["text/plain"] == "'x\\n'"
    )
    assert stream(run("!echo from a shell")) == "from a shell\n"
    assert run("%nothing_like_this").outputs[0]["output_type"] in ("stream", "error")


READ = r"""
from IPython.core.interactiveshell import InteractiveShell as Whole
shell = get_ipython()
cells = [
    "x = 1\ny = x %2\n", "def f():\n    return 1", "  x = 1\n  y = 2", "\nx\ny", "f(:\n1", "'\\d'\n1",
    "s = '''\n%ls\n'''\ns?", "x\n!ls", "x = !ls\nx", "%%time\nx", "x = 1\n%time x", "ls\nls", "ls",
    "for i in 1, 2:\n    await f(i)", ">>> x\n>>> y",
]
for cell in cells:
    mine, whole = shell.transform_cell(cell), Whole.transform_cell(shell, cell)
    print("same" if mine.rstrip() == whole.rstrip() else (mine, whole))
"""
TWO = "get_ipython().input_transformers_post.append(lambda x: [s.replace('two', '2') for s in x])"


def test_a_cell_is_read_as_ipython_reads_it_also_where_nobody_looks_for_magics(run):
    assert stream(run(READ)) == "same\n" * 15


def test_a_student_may_have_cells_read_otherwise(run):
    assert stream(run(TWO, "one = 1\nprint(one + two)")) == "3\n"


def test_await_at_the_top(run):
    assert stream(run("import asyncio\nawait asyncio.sleep(0)\nprint('woke')")) == "woke\n"


def test_a_pandas_table_is_html(run):
    ran = run("import pandas\npandas.DataFrame({'a': [1]})")
    assert "<table" in ran.outputs[0]["data"]["text/html"]


def test_an_error_is_an_error_also_where_the_working_folder_is_gone(fork, run):
    gone = "import os\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')"
    (error,) = run(gone, "one = 1\none / 0").outputs
    assert error["ename"] == "ZeroDivisionError" and fork.alive
    assert run("one").status == OK


def test_an_error_is_an_output_with_its_traceback(run):
    ran = run("1 / 0")
    assert ran.status == ERROR
    assert error(ran)["ename"] == "ZeroDivisionError"
    text = "\n".join(error(ran)["traceback"])
    assert "In[1], line 1" in text and "1 / 0" in text and "\x1b" not in text


def test_a_step_is_noted_for_a_profiler_and_only_then(run):
    ran = run(
        "import torch\nfrom torch.profiler import profile, record_function",
        "w = torch.zeros(1, requires_grad=True)\nw.grad = torch.ones(1)",
        "optimizer = torch.optim.SGD([w], lr=0.1)\noptimizer.step()",
        "with profile() as seen, torch.autograd.profiler.record_function('mine'):\n"
        "    optimizer.step()",
        "names = [e.key for e in seen.key_averages()]\n"
        "print(names.count('Optimizer.step#SGD.step'), names.count('mine'), w.item())",
    )
    assert stream(ran).startswith("1 1 -0.2")


def test_a_syntax_error_too(run):
    ran = run("def f(:")
    assert ran.status == ERROR and error(ran)["ename"] == "SyntaxError"


def test_later_cells_run_after_an_error(run):
    assert run("x = 1", "raise ValueError('no')", "x").outputs[0]["data"]["text/plain"] == "1"


def test_what_c_code_and_programs_write_is_shown(run):
    ran = run("import os\nos.write(1, b'by number\\n')\nos.system('echo by program >&2');")
    assert stream(ran) == "by number\n"
    assert stream(ran, "stderr") == "by program\n"


def test_updates_and_clearing(run):
    ran = run("h = display('old', display_id=True)\nh.update('new')")
    assert [one["data"]["text/plain"] for one in ran.outputs] == ["'new'"]
    ran = run(
        "from IPython.display import clear_output\nprint('old'); clear_output(); print('new')"
    )
    assert stream(ran) == "new\n"


def test_input_says_that_nobody_is_there(run):
    ran = run("name = input('name? ')\nname")
    assert stream(ran) == "name? [nobody is there: taken as an empty line]\n"
    assert ran.outputs[-1]["data"]["text/plain"] == "''"
    ran = run("while input() != 'yes': pass")
    assert ran.status == ERROR and "nobody" in error(ran)["evalue"]


@pytest.mark.parametrize("source", ["exit", "quit()", "import sys; sys.exit(3)"])
def test_leaving_ends_the_cell_and_not_the_process(run, source):
    assert run("x = 1", source).status == ERROR
    assert run("x").outputs[0]["data"]["text/plain"] == "1"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import ctypes; ctypes.string_at(8)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import os, time; os.close(3); time.sleep(60)", "line to the outside"),
    ],
)
def test_a_death_is_told_in_a_sentence(fork, source, words):
    ran = fork.run("c", f"print('before', flush=True)\n{source}", 1)
    assert ran.status == DIED and not fork.alive
    assert stream(ran).startswith("before")
    assert words in error(ran)["evalue"]


def test_endless_recursion_in_c_is_a_death_and_no_more(run, warm):
    deep = (
        "x = []\nfor _ in range(10**6): x = [x]\nimport sys; sys.setrecursionlimit(10**9)\nrepr(x)"
    )
    assert run(deep).status in (DIED, ERROR)
    with_next = warm.fork()
    assert with_next.run("c", "1", 1).status == OK
    with_next.end()


def test_widgets_show_their_text(run):
    ran = run("import ipywidgets\nipywidgets.IntSlider(3)")
    assert ran.status == OK and "IntSlider" in ran.outputs[-1]["data"]["text/plain"]
    assert set(ran.outputs[-1]["data"]) == {"text/plain"}
    assert run("from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass").status == OK


def test_a_child_of_the_student_does_not_answer_for_it(run):
    ran = run("import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('hello')")
    assert ran.status == OK and stream(ran).count("hello") == 2
    assert run("'alive'").status == OK


def test_workers_of_a_data_loader(run):
    ran = run(
        "import torch\nloader = torch.utils.data.DataLoader(range(8), num_workers=2, batch_size=4)",
        "[batch.sum().item() for batch in loader]",
    )
    assert ran.outputs[-1]["data"]["text/plain"] == "[6, 22]"


def test_numbers_are_the_same_for_every_submission(warm):
    def draw():
        fork = warm.fork()
        ran = fork.run("c", "import torch, random, numpy\nprint(torch.rand(1), random.random())", 1)
        again = fork.run("c", "print(numpy.random.rand(), hash('text'))", 2)
        fork.end()
        return stream(ran), stream(again)

    assert draw() == draw()


def test_training_works_with_gradients_and_more_than_one_step(run):
    ran = run(
        "import torch\nw = torch.nn.Parameter(torch.ones(2))\no = torch.optim.Adam([w])",
        "for _ in range(3): o.zero_grad(); (w**2).sum().backward(); o.step()\nw.detach().sum() < 2",
    )
    assert ran.outputs[-1]["data"]["text/plain"] == "tensor(True)"


def test_mnist_is_there(run):
    ran = run("from utils.data import mnist\nlen(mnist(train=False))")
    assert ran.status == OK and ran.outputs[-1]["data"]["text/plain"] == "10000"


def test_half_characters_and_infinite_numbers_come_out_clean(run):
    ran = run("print('\\ud800')\ndisplay({'application/json': float('inf')}, raw=True)")
    assert ran.status == OK
    assert stream(ran).encode("utf-8") and ran.outputs[-1]["data"] == {"application/json": None}


def test_late_is_interrupted_and_the_rest_still_runs(warm):
    from autograder.sandbox import Limits

    fork = warm.fork(Limits(cell=1, grace=20))
    ran = fork.run("c", "x = 5\nwhile True: pass", 1)
    assert ran.status == LATE and "longer than 1 s" in ran.outputs[-1]["evalue"]
    assert fork.alive and fork.run("c", "x", 2).outputs[0]["data"]["text/plain"] == "5"
    fork.end()
