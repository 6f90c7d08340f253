"""A submission uses no more than it is given, and costs no more than itself."""

import time

import pytest

from autograder.model import DIED, ERROR, LATE, OK
from autograder.sandbox import Dead, Limits, Silent
from autograder.sandbox.limits import MB

pytestmark = pytest.mark.slow


@pytest.fixture
def within(warm):
    """A fork with these limits."""
    made = []

    def fork(**limits):
        made.append(warm.fork(Limits(**limits)))
        return made[-1]

    yield fork
    for one in made:
        one.end()


def evalue(ran):
    """What the last error says."""
    return [one["evalue"] for one in ran.outputs if one["output_type"] == "error"][-1]


def test_a_cell_that_will_not_be_interrupted_is_killed(within):
    fork, start = within(cell=1, grace=1), time.monotonic()
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    ran = fork.run("c", deaf, 1)
    assert ran.status == LATE and not fork.alive
    assert "did not let itself be interrupted" in evalue(ran)
    assert time.monotonic() - start < 20
    with pytest.raises(Dead, match="longer than 1 s"):
        fork.run("c", "1", 2)


def test_the_time_of_all_cells_is_limited_too(within):
    fork = within(total=2, grace=20)
    assert fork.run("c", "import time; time.sleep(1)", 1).status == OK
    ran = fork.run("c", "time.sleep(30)", 2)
    assert ran.status == LATE and "notebook took longer than 2 s" in evalue(ran)


def test_sleeping_is_no_computing_and_computing_is_limited(within):
    fork = within(cell_cpu=1, cell=60, grace=20)
    assert fork.run("c", "import time; time.sleep(2)", 1).status == OK
    ran = fork.run("c", "while True: pass", 2)
    assert ran.status == LATE and "CPU" in evalue(ran)


def test_too_much_memory_is_an_error_that_can_be_survived(within):
    fork = within(memory=200 * MB)
    ran = fork.run("c", "x = bytearray(400 * 2**20)", 1)
    assert ran.status == ERROR and fork.alive
    assert fork.run("c", "import torch; torch.ones(100 * 2**20)", 2).status == ERROR
    assert fork.run("c", "len(bytearray(100 * 2**20))", 3).status == OK


def test_output_is_cut_while_it_runs_and_a_note_says_so(within):
    fork = within(output=10_000, cell=20)
    ran = fork.run("c", "for _ in range(100_000): print('x' * 100)", 1)
    assert ran.status == OK
    text = "".join(one["text"] for one in ran.outputs)
    assert 9_000 < len(text) < 11_000
    assert "There was more" in ran.outputs[-1]["text"]
    assert fork.run("c", "print('again')", 2).outputs[0]["text"] == "again\n"


def test_outputs_are_counted_too(within):
    fork = within(outputs=10)
    ran = fork.run("c", "for i in range(1000): display(i)", 1)
    assert ran.status == OK and len(ran.outputs) == 11


def test_what_programs_print_is_cut_too(within):
    fork = within(output=10_000, cell=5, grace=5)
    ran = fork.run("c", "import os\nos.system('yes')", 1)
    assert ran.status == LATE
    assert sum(len(one.get("text", "")) for one in ran.outputs) < 11_000


def test_an_error_is_kept_when_the_output_is_full(within):
    ran = within(output=5_000).run("c", "print('x' * 10_000)\nraise ValueError('this one')", 1)
    assert ran.status == ERROR and "this one" in evalue(ran)


def test_open_files_and_large_files(within):
    fork = within(files=40, file=MB)
    ran = fork.run("c", "kept = [open('/dev/null') for _ in range(100)]", 1)
    assert ran.status == ERROR and "Too many open files" in evalue(ran)
    fork.run("c", "kept = 0", 2)
    ran = fork.run("c", "open('large', 'wb').write(b'x' * 2 * 2**20)", 3)
    assert ran.status in (ERROR, DIED)


def test_the_usage_is_told(within):
    fork = within()
    fork.run("c", "x = bytearray(b'x') * (150 * 2**20)\nimport time; time.sleep(0.3)", 1)
    start = "import subprocess; subprocess.Popen(['sleep', '100'], start_new_session=True)"
    fork.run(
        "c",
        f"{start}\nuntil = time.process_time() + 0.5\nwhile time.process_time() < until: pass",
        2,
    )
    usage = fork.end()
    assert 0.5 < usage.cpu_seconds < 5
    assert 140 * MB < usage.peak_memory < 250 * MB
    assert usage.survivors == 1
    assert fork.end() == usage


def test_messages_for_the_bridge_that_nobody_answers_are_silence(within):
    fork = within()
    with pytest.raises(Silent):
        fork.wait(0.2)
    assert fork.run("c", "1", 1).status == OK


def test_a_post_never_blocks_even_if_nobody_reads(within):
    fork = within(cell=1, grace=1)
    start = time.monotonic()
    fork.post(b"x" * (32 * MB))
    assert time.monotonic() - start < 2


def test_interrupt_without_a_cell_does_no_harm(within):
    fork = within()
    fork.run("c", "x = 1", 1)
    for _ in range(5):
        fork.interrupt()
    assert fork.run("c", "x", 2).status == OK


def test_false_ends_are_not_believed(within):
    """A cell that says that another cell has ended, or itself with nonsense."""
    fork = within(cell=3, grace=1)
    lie = (
        "import os, json, time\n"
        "body = json.dumps(dict(serial=99, good=True)).encode()\n"
        "os.write(3, b'd' + len(body).to_bytes(8, 'big') + body)\n"
        "time.sleep(0.2); 1 / 0"
    )
    assert fork.run("c", lie, 1).status == ERROR
    nonsense = "import os; os.write(3, b'd' + (9).to_bytes(8, 'big') + b'[' * 9)\ntime.sleep(9)"
    assert fork.run("c", nonsense, 2).status == DIED


@pytest.mark.parametrize(
    "body",
    [
        "b'{}'",
        "b'[' * 100_000",
        'b\'{"type": "stream", "name": "stdout", "text": 3}\'',
        'b\'{"type": "display", "data": [], "metadata": {}, "id": [], "update": 1}\'',
        "b'9' * 10_000",
    ],
)
def test_outputs_that_are_none_end_the_process_and_harm_nobody(within, body):
    fork = within()
    source = f"import os\nbody = {body}\nos.write(3, b's' + len(body).to_bytes(8, 'big') + body)"
    ran = fork.run("c", f"{source}\nimport time; time.sleep(9)", 1)
    assert ran.status in (DIED, OK)
    assert all(set(one) >= {"output_type"} for one in ran.outputs)


FLOOD = """
import os, time
message = b's' + (2).to_bytes(8, 'big') + b'{}'  # no output at all: the end of the process
message = b'x' + (0).to_bytes(8, 'big')          # of a kind that nobody asked for
until = time.monotonic() + 40
while time.monotonic() < until:
    os.write(3, 1000 * message)
"""


def test_no_flood_of_messages_talks_the_clock_down(within):
    fork, start = within(cell=2, grace=1), time.monotonic()
    ran = fork.run("c", FLOOD, 1)
    assert ran.status in (LATE, DIED)
    assert time.monotonic() - start < 20


def test_one_large_print_of_emoji_ends_nobody(within):
    fork = within()
    ran = fork.run("c", "print('\\N{GRINNING FACE}' * 4_000_000)", 1)
    assert ran.status == OK and fork.alive
    text = ran.outputs[0]["text"]
    assert set(text) == {"\N{GRINNING FACE}"} and len(text.encode()) <= Limits().output


def test_output_counts_in_bytes_and_is_told(within):
    fork = within(output=1000)
    fork.run("c", "print('ä' * 300)", 1)
    assert fork.wrote == 601


GROW = {
    "page tables": (
        "import mmap\n"
        "for _ in range(20):\n"
        "    place = mmap.mmap(-1, 30 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)\n"
        "    kept = globals().setdefault('kept', []); kept.append(place)\n"
        "    for at in range(0, len(place), 2 << 20):\n        place[at]\n"
    ),
    "socket buffers": (
        "import os, socket, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        pairs = [socket.socketpair() for _ in range(110)]\n"
        "        for pair in sum(pairs, ()):\n"
        "            pair.setblocking(False)\n"
        "            try:\n                while True: pair.send(bytes(100_000))\n"
        "            except BlockingIOError: pass\n"
        "        time.sleep(20)\n        os._exit(0)\n"
        "time.sleep(10)"
    ),
}


@pytest.mark.parametrize("what", GROW)
def test_memory_that_no_process_shows_is_counted(within, what):
    fork = within(memory=200 * MB, cell=30)
    ran = fork.run("c", GROW[what], 1)
    assert ran.status in (DIED, ERROR), ran.outputs
    assert fork.end().peak_memory < 800 * MB
