"""The window between the judge and the student's process.

On one side test cells run, on the other the student's code. Each side sees the other's functions,
classes, optimizers and models as stand-ins: to use one is to ask the other side, and what crosses
is plain numbers, text and raw bytes of tensors. Nothing is unpickled, and nothing that one side
defines is ever run by the other.

Lists, dicts and tensors that have crossed are shared: before every message each side tells what
has changed in them, so that in-place changes, `state`, `param_groups` and `.grad` are the same on both.

    wire.py       a message: JSON and raw bytes
    table.py      what is shared, by key
    tensors.py    a tensor, and its numbers as bytes
    standins.py   what stands on one side for an object of the other
    peer.py       asking and answering
    playing.py    an optimizer in a situation of `utils.check`, all steps at once
    library.py    things of torch and the course, that both sides have
    failures.py   exceptions
    inside.py     the student's end
    tripwire.py   notices who lets torch's own optimizers compute
"""
