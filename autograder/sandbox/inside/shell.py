"""IPython as a notebook's kernel has it, but without a terminal, a front end, files or threads."""

import ast
import builtins
import contextlib
import getpass
import inspect
import linecache
import os
import subprocess
import sys
import textwrap
import warnings

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any, Type
from traitlets.config import Config

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDTH = 80  # characters in a line of words that stand for a picture


class Publisher(DisplayPublisher):
    """display(), clear_output() and updates → outputs."""

    shell: "Shell"

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        name = (transient or {}).get("display_id")
        data, metadata = for_json(data), metadata or {}
        self.shell.tell(type="display", data=data, metadata=metadata, id=name, update=bool(update))

    def clear_output(self, wait=False):
        self.shell.tell(type="clear", wait=bool(wait))


class Hook(DisplayHook):
    """The value of a cell's last line → its result."""

    shell: "Shell"

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        count = self.prompt_count
        data = for_json(format_dict)
        self.shell.tell(type="result", data=data, metadata=md_dict or {}, count=count)

    def finish_displayhook(self):
        pass


class Shell(InteractiveShell):
    """Runs cells; everything they show goes to `shown`, in order."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    shown = Any(None, allow_none=True)
    pictures = Any(True)
    first = Any()

    def __init__(self, **kwargs):
        quiet = Config()
        quiet.HistoryManager.enabled = False  # no file, and no thread that writes it
        quiet.InteractiveShell.colors = "nocolor"  # they take as long as the rest of a traceback
        super().__init__(config=quiet, **kwargs)
        warnings.filterwarnings("ignore", message="To exit: use")
        self.first = self.transformers()
        formatters = self.display_formatter
        assert formatters is not None
        formatters.mimebundle_formatter.for_type_by_name("utils.plots", "Picture", self.picture)
        formatters.ipython_display_formatter.for_type_by_name(
            "utils.playground.assets", "Alive", self.playground
        )

    def picture(self, picture):
        """A picture of the course's; in words, if nobody will look."""
        if self.pictures:
            return picture._repr_mimebundle_()
        return {"text/plain": textwrap.fill(picture.alt, WIDTH)}, {}

    def playground(self, widget):
        """Nobody can move it here: its picture, or in words."""
        data, metadata = widget.picture()._repr_mimebundle_() if self.pictures else ({}, {})
        self.display_pub.publish({**data, "text/plain": repr(widget)}, metadata)
        return True

    def tell(self, **event):
        if self.shown is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            self.shown.show(**event)

    def connect(self, shown, out, err):
        """From now on outputs go there."""
        self.shown, self.streams = shown, {"stdout": out, "stderr": err}
        sys.stdout, sys.stderr = out, err
        vars(sys).update(__stdout__=out, __stderr__=err)
        builtins.input = getpass.getpass = Nobody()

    def run(self, source, count, pictures=True):
        """Run a cell; True if it raised nothing."""
        self.execution_count, self.pictures = count, pictures
        for name, stream in self.streams.items():  # an earlier cell may have taken it away
            if getattr(sys, name) is None:
                setattr(sys, name, stream)
        try:
            result = self.run_cell(source, store_history=True)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):  # whatever the student put there
                    stream.flush()
        return result.success

    def transform_cell(self, raw_cell):
        """To look for magics takes most of a short cell's time; there are none where it is Python."""
        lines = raw_cell.splitlines()
        # IPython cuts leading blanks off, and a single line may be a magic
        several = len(lines) > 1 and lines[0][:1].strip()
        if several and self.transformers() == self.first and python(raw_cell):
            return raw_cell + "\n"
        return super().transform_cell(raw_cell)

    def transformers(self):
        """All of them, for the student may add some."""
        manager = self.input_transformer_manager
        return [
            *manager.cleanup_transforms,
            *manager.line_transforms,
            *manager.token_transformers,
            *self.input_transformers_post,
        ]

    def showtraceback(self, *args, **kwargs):
        """A cell is no module; told so, inspect does not look at thousands of them for each line."""
        with contextlib.suppress(Exception):  # the student may have removed the working folder
            for cell in [file for file in linecache.cache if file.startswith("<ipython-input")]:
                inspect.modulesbyfile |= {cell: "", os.path.abspath(cell): ""}
        super().showtraceback(*args, **kwargs)

    def _showtraceback(self, etype, evalue, stb):
        name = getattr(etype, "__name__", str(etype))
        try:
            text = str(evalue)
        except Exception as error:
            text = f"(its text cannot be had: {type(error).__name__})"
        self.tell(type="error", ename=name, evalue=text, traceback=[str(line) for line in stb])

    def _format_exception_for_storage(self, exception, *_, **__):
        """A history would have a copy of each traceback; there is none."""
        return []

    def enable_gui(self, gui=None):
        """There is none."""

    def ask_exit(self):
        raise SystemExit

    def system(self, command):
        """!command: what it prints comes out here."""
        command = self.var_expand(command, depth=1)
        process = subprocess.Popen(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        with process:
            try:
                for line in process.stdout or ():
                    sys.stdout.write(line)
            except KeyboardInterrupt:
                process.kill()
                raise
        self.user_ns["_exit_code"] = process.returncode

    system_piped = system_raw = system


def python(source):
    """Does Python take it as it is?"""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


class Nobody:
    """In the place of `input` and `getpass`: an empty answer, as if somebody pressed Enter.

    An answer in the same cell must not lose its points for a question that has no part in it. But a
    loop that asks until it likes the reply has to end.
    """

    PATIENCE = 20

    def __init__(self):
        self.asked = 0

    def __call__(self, prompt="", stream=None):
        self.asked += 1
        if self.asked > self.PATIENCE:
            raise StdinNotImplementedError(
                "input() asks a person, and there is nobody while a notebook is graded."
            )
        print(f"{prompt}[nobody is there: taken as an empty line]")
        return ""


def for_json(data):
    """A mime bundle that JSON can hold; a widget is left with its text, as nobody can move it."""
    from base64 import b64encode

    made = {}
    for kind, value in data.items():
        if kind == WIDGET and len(data) > 1:
            continue
        made[str(kind)] = b64encode(value).decode() if isinstance(value, bytes) else value
    return made


os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
