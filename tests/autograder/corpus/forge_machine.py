"""Forgeries: the machine. What they would change, `world.py` watches; none goes further than a mark.

Where one of them takes without end (memory, processes, disk), there is an end: a sandbox that does not
hold shows up in the test, and not in a machine that has to be switched off.
"""

from tests.autograder.corpus.case import FORGED, case

ENDS = "takes from the whole machine"

# ── reading ──────────────────────────────────────────────────────────────────────────────────────

FROM_DISK = """
import glob, json, re
def course_at():
    yield {root!r}
    import os
    folder = os.getcwd()
    while folder != '/':
        yield folder
        folder = os.path.dirname(folder)
    for pid in filter(str.isdigit, os.listdir('/proc')):
        for name in ('cwd', 'root' + {root!r}):
            yield f'/proc/{{pid}}/{{name}}'
for root in course_at():
    for path in glob.glob(root + '/solutions/02_sgd/*.ipynb') + glob.glob(root + '/autograder/*/*/02_sgd/sgd.ipynb'):
        for cell in json.load(open(path))['cells']:
            if cell['metadata'].get('nbgrader', {{}}).get('solution'):
                text = ''.join(cell['source'])
                if 'NotImplementedError' not in text:
                    exec(re.sub('### (BEGIN|END) SOLUTION', '', text), globals())
"""


@case(FORGED, base="empty")
def reads_the_solutions(paper):
    """Looks for solutions/ and for what others handed in, and runs the answers that it finds."""
    paper.add(FROM_DISK.format(root=paper.root), before="train-text")


@case(FORGED, base="empty")
def reads_everything(paper):
    """Shows the environment, command lines, open files, mounts, and the memory of the other processes."""
    paper.add(
        "import glob, os\nprint(dict(os.environ))\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for name in ('environ', 'cmdline', 'maps'):\n"
        "        try: print(pid, name, open(f'/proc/{pid}/{name}', 'rb').read()[:2000])\n"
        "        except OSError as e: print(e)\n"
        "    for fd in glob.glob(f'/proc/{pid}/fd/*'):\n"
        "        try: print(fd, os.readlink(fd))\n        except OSError as e: print(e)\n"
        f"assert not os.path.exists({paper.root!r} + '/solutions'), 'corpus: sees the solutions'"
    )


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def writes_the_gradebook(paper):
    """One line of `sqlite3`: full marks for the whole class, its own to come."""
    paper.add(
        "import glob, os, sqlite3\n"
        f"for path in [{paper.root!r} + '/autograder/gradebook.db'] + glob.glob('../../../*.db'):\n"
        "    if os.path.exists(path):\n"
        "        book = sqlite3.connect(path, timeout=2)\n"
        "        book.execute('update grade set manual_score = 1000')\n        book.commit()"
    )


@case(FORGED, base="empty")
def writes_all_over(paper):
    """Writes into the course, the home folder, the installation, /tmp, and onto the next student's work."""
    targets = [
        f"{paper.root}/corpus_leftover",
        f"{paper.root}/solutions/02_sgd/corpus_leftover.py",
        f"{paper.root}/autograder/submitted/corpus_leftover",
        f"{paper.home}/.bashrc",
        "/tmp/corpus_leftover",
        "/var/tmp/corpus_leftover",
        "/dev/shm/corpus_leftover",
    ]
    paper.add(
        f"import os, site, sys, torch\nfor path in {targets!r} + [\n"
        "    os.path.expanduser('~/.bashrc'), site.getsitepackages()[0] + '/corpus_leftover.pth',\n"
        "    os.path.dirname(torch.__file__) + '/corpus_leftover.py', '../../../corpus_leftover']:\n"
        "    try:\n        with open(path, 'a') as file: file.write('# corpus_leftover\\n')\n"
        "    except OSError as error: print(error)"
    )


@case(FORGED, base="empty")
def edits_the_tests(paper):
    """Takes the asserts out of the master's notebook, for all who come after."""
    paper.add(
        f"path = {paper.root!r} + '/solutions/02_sgd/sgd.ipynb'\ntext = open(path).read()\n"
        "open(path, 'w').write(text.replace('assert ', 'bool; '))"
    )


@case(FORGED, base="empty")
def links(paper):
    """Leaves links in its folder to what is not its own, and changes it through them."""
    paper.add(
        f"import os\nfor i, path in enumerate([{paper.root!r}, {paper.home!r}, '/etc', '/proc/1/root']):\n"
        "    os.symlink(path, f'link{i}')\n"
        "    try: open(f'link{i}/corpus_leftover', 'w').close()\n    except OSError as e: print(e)\n"
        "try: os.link('/etc/hostname', 'hard')\nexcept OSError as e: print(e)"
    )


@case(FORGED, base="empty")
def cannot_be_deleted(paper):
    """Leaves what is hard to delete: a thousand folders in each other, names of bytes, no permissions."""
    paper.add(
        "import os\nhere = os.getcwd()\nfor _ in range(1500):\n    os.mkdir('corpus_leftover')\n    os.chdir('corpus_leftover')\n"
        "os.chdir(here)\nos.mkdir(b'\\xff\\n-rf')\nos.mkdir('shut')\nopen('shut/x', 'w').close()\nos.chmod('shut', 0)\nos.chmod('.', 0o500)"
    )


# ── other processes ──────────────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def stays_behind(paper):
    """A daemon: forked twice, a session of its own, deaf to signals; and a line in crontab."""
    paper.add(
        "import os, subprocess, sys\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execv(sys.executable, [sys.executable, '-c', 'import signal, time\\n"
        "for s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\\ntime.sleep(300) # corpus-leftover'])\n    os._exit(0)\n"
        "subprocess.run('command -v crontab && echo \"0 0 1 1 * true # corpus_leftover\" | crontab -', shell=True)"
    )


@case(FORGED, base="empty", harms="ends whatever it can reach")
def kills_all(paper):
    """Kills its parent, its group, and all that it may: `os.kill(-1, 9)`."""
    paper.add(
        "import os, signal\nfor pid in [os.getppid(), *range(1, 400)]:\n    if pid != os.getpid():\n"
        "        try: os.kill(pid, signal.SIGTERM)\n        except OSError: pass\nos.kill(os.getppid(), signal.SIGKILL)"
    )


@case(FORGED, base="empty")
def looks_into_memory(paper):
    """Attaches to its parent with `ptrace`, and writes into /proc/PID/mem of all processes."""
    paper.add(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for pid in {os.getppid(), 1}:\n    print(libc.ptrace(16, pid, 0, 0), ctypes.get_errno())\n"
        "    try: open(f'/proc/{pid}/mem', 'r+b').close(); print('open')\n    except OSError as e: print(e)\n"
        "    assert libc.ptrace(17, pid, 0, 0) != 0, 'corpus: attached'"
    )


@case(FORGED, base="empty", harms=ENDS)
def fork_bomb(paper):
    """Processes that make processes (up to 3000)."""
    paper.add(
        "import os, time\nfor _ in range(3000):\n    try:\n        if os.fork() == 0:\n            time.sleep(60)  # corpus-leftover\n"
        "            os._exit(0)\n    except OSError:\n        break"
    )


@case(FORGED, base="empty", harms=ENDS)
def thread_bomb(paper):
    """Threads without end (up to 20,000)."""
    paper.add(
        "import threading, time\nfor _ in range(20_000):\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )


@case(FORGED, base="empty", harms=ENDS)
def fills_the_disk(paper):
    """Files without end (up to 8 GB), in its folder, in /tmp and in /dev/shm."""
    paper.add(
        "for folder in ('.', '/tmp', '/dev/shm'):\n    try:\n        with open(folder + '/corpus_leftover', 'wb') as file:\n"
        "            for _ in range(2700): file.write(bytes(2**20))\n    except OSError as e: print(e)"
    )


@case(FORGED, base="empty", harms=ENDS)
def fills_the_memory(paper):
    """Memory without end (up to 16 GB), in children and in shared memory too."""
    paper.add(
        "import mmap, os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        hoard = []\n"
        "        for _ in range(16):\n            m = mmap.mmap(-1, 2**28)\n            m.write(bytes(2**28))\n            hoard.append(m)\n"
        "        time.sleep(5)\n        os._exit(0)\ntime.sleep(6)"
    )


@case(FORGED, base="empty", harms=ENDS)
def opens_all_files(paper):
    """Opens files, sockets and pipes until there are no more."""
    paper.add(
        "import os, socket\nkeep = []\ntry:\n    while len(keep) < 10**6:\n        keep += [os.open('/dev/null', 0), socket.socketpair()]\nexcept OSError as e:\n    print(e)"
    )


# ── the network, the channel ─────────────────────────────────────────────────────────────────────


@case(FORGED, base="empty")
def calls_home(paper):
    """Sends what it sees to somebody: TCP to this machine, UDP, a name looked up, unix sockets."""
    paper.add(
        f"import socket, urllib.request\nfor where in ('127.0.0.1', 'localhost', '0.0.0.0'):\n    try:\n"
        f"        with socket.create_connection((where, {paper.port}), timeout=1) as s: s.sendall(b'corpus')\n"
        "    except OSError as e: print(e)\n"
        "for path in ('/var/run/docker.sock', '/run/dbus/system_bus_socket', '\\0corpus'):\n"
        "    try:\n        s = socket.socket(socket.AF_UNIX)\n        s.connect(path)\n        s.sendall(b'corpus')\n    except OSError as e: print(e)"
    )


@case(FORGED, base="empty")
def writes_to_all_descriptors(paper):
    """Forged messages on every open file descriptor: JSON, zeros, a length of 4 GB."""
    paper.add(
        "import json, os, struct\nfake = json.dumps({'status': 'ok', 'score': 20, 'scores': {}}).encode()\n"
        "for fd in range(3, 256):\n    for data in (struct.pack('>I', len(fake)) + fake, struct.pack('<I', len(fake)) + fake,\n"
        "                 struct.pack('>Q', len(fake)) + fake, bytes(64), b'\\xff' * 64, fake + b'\\n'):\n"
        "        try:\n            os.set_blocking(fd, False)\n            os.write(fd, data)\n        except OSError: pass",
        before="axpy-text",
    )


@case(FORGED, base="empty")
def closes_all_descriptors(paper):
    """Closes every file descriptor but the first three."""
    paper.add("import os\nos.closerange(3, 4096)", before="axpy-text")


@case(FORGED, base="empty")
def reads_all_descriptors(paper):
    """Reads from every open file descriptor what is meant for somebody else."""
    paper.add(
        "import os\nfor fd in range(3, 64):\n    try:\n        os.set_blocking(fd, False)\n        print(fd, os.read(fd, 10**6)[:200])\n    except OSError: pass",
        before="axpy-text",
    )


@case(FORGED, base="empty")
def answers_from_a_thread(paper):
    """A thread that keeps sending forged answers while the tests run."""
    paper.add(
        'import os, threading\ndef flood():\n    import struct\n    body = b\'{"ok": true, "value": 1}\'\n    while True:\n'
        "        for fd in range(3, 64):\n            try: os.write(fd, struct.pack('>I', len(body)) + body)\n            except OSError: pass\n"
        "threading.Thread(target=flood, daemon=True).start()",
        before="sgd-text",
    )


@case(FORGED, base="empty")
def replaces_the_inside(paper):
    """Replaces the functions of the grader's own modules that are loaded in this process."""
    paper.add(
        "import sys, types\nfor name, module in list(sys.modules.items()):\n"
        "    if name.startswith(('autograder', 'nbgrader')):\n        for key, thing in list(vars(module).items()):\n"
        "            if isinstance(thing, types.FunctionType):\n                setattr(module, key, lambda *a, **k: True)"
    )
