"""The way to the page: what a playground asks is answered by one message, not by three.

A kernel says "busy" before each answer and "idle" after it. The server holds the answer back until
the page has confirmed the small packet before it, and a page takes up to 40 ms for that (Nagle's
algorithm meets delayed acknowledgement). JupyterLab also fetches another icon for its tab, each
time. So "busy" is left out while a slider moves, and "idle", until which the page keeps each
question in mind, follows when there is quiet.
"""

import asyncio
import inspect
import time
from typing import Any

QUIET = 0.25  # seconds without a question
KEYS = {"me", "id", "kind"}  # of a question: see `Kernel` in js/src/host/kernel.js


def answer_by_one_message(kernel: Any) -> None:
    """Do so in this kernel. One that is built in another way is left as it is."""
    say = getattr(kernel, "_publish_status", None)  # no other way is known
    if not (inspect.ismethod(say) and hasattr(kernel, "get_parent")):
        return  # not ipykernel, or done already
    if [*inspect.signature(say).parameters] != ["status", "channel", "parent"]:
        return

    waiting: list[dict[str, Any]] = []  # questions whose "idle" is still to come
    last = 0.0  # when the last answer went out

    def publish(status: str, channel: str, parent: Any = None) -> None:
        nonlocal last
        message = parent or kernel.get_parent(channel)
        if not asks(message):
            say(status, channel, parent)
        elif status == "idle":
            last = time.monotonic()
            waiting.append({"header": message["header"]})
            asyncio.get_running_loop().call_later(QUIET, settle)

    def settle() -> None:
        if time.monotonic() > last + 0.9 * QUIET:
            answered = waiting[:]
            waiting.clear()
            for parent in answered:
                say("idle", "shell", parent)

    kernel._publish_status = publish


def asks(message: Any) -> bool:
    """Is it a question of a playground?"""
    try:
        return set(message["content"]["data"]["content"].keys()) >= KEYS
    except (AttributeError, KeyError, TypeError):
        return False
