"""What a submission may use, what it used, and what can go wrong. Imported on both sides."""

from dataclasses import dataclass

MB = 1 << 20


class Dead(Exception):
    """The student's process is gone; why, in one sentence."""


class Silent(Exception):
    """The student's process said nothing for as long as it was given."""


class NoSandbox(Exception):
    """No sandbox holds here, or not the one asked for; why, in one sentence."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times in seconds, sizes in bytes.

    cell, test, total: wall time of one of the student's cells; of one test, all that it asks of the
        student's code included; of the whole notebook, its tests included.
    cell_cpu, total_cpu: CPU time, over all its processes and threads.
    memory: beyond what the warm process shares with it, over all its processes.
    processes: processes and threads together.
    files: open at once in one process. file: the largest. disk: all that it writes.
    output, outputs: what one cell may show: bytes, and how many pieces.
    total_output: bytes that all cells of the notebook may show together.
    grace: between the interrupt and the kill.
    pictures: are those that `utils` makes drawn also in cells that the student has left as they
        were? Drawing takes longer than all the rest; without, they are told in words.
    """

    cell: float = 60.0
    test: float = 90.0
    total: float = 300.0
    cell_cpu: float = 120.0
    total_cpu: float = 600.0
    memory: int = 2048 * MB
    processes: int = 64
    files: int = 256
    file: int = 256 * MB
    disk: int = 256 * MB
    output: int = 4 * MB
    outputs: int = 1000
    total_output: int = 24 * MB
    grace: float = 2.0
    pictures: bool = False


@dataclass(frozen=True)
class Usage:
    """What a submission used.

    cpu_seconds: of all its processes.
    peak_memory: bytes beyond what it shares with the warm process, at most.
    survivors: processes that were still there at the end, besides its first.
    """

    cpu_seconds: float = 0.0
    peak_memory: int = 0
    survivors: int = 0
