"""The bridge between the judge and the student's process.

On one side test cells run, on the other the student's code. Each side sees the other's functions,
classes, optimizers and models as proxies: to use one is to ask the other side, and what crosses
is plain numbers, text and raw bytes of tensors. Nothing is unpickled, and nothing that one side
defines is ever run by the other.

Lists, dicts and tensors that have crossed are shared: before every message each side tells what
has changed in them, so that in-place changes, `state`, `param_groups` and `.grad` are the same on both.

    messages      a message: JSON and raw bytes
    registry      what is shared, by key
    tensors       a tensor, and its numbers as bytes
    proxies       what stands on one side for an object of the other
    endpoint      asking and answering
    remote_play   an optimizer in a situation of `utils.check`, all steps at once
    importable    things of torch and the course, that both sides have
    exceptions    exceptions, and the lines that they came through
    student_end   the student's end
    torchs_own    torch's own optimizers are refused where they cross to the judge
    torch_calls   notices, over there, that torch's own optimizers compute: a flag
    no_profiler   torch notes each step for its profiler; while none runs, that is spared
"""
