"""Has a model the right form, and does a training loop train as it should?"""

import torch

from utils.check import errors, report
from utils.check.finding import Finding, sentence
from utils.check.functions import close, comparable, show, unlike
from utils.check.guard import Guard
from utils.check.optimizer import label


def check_model(make, inputs, outputs, name=None):
    """Does `make()` build a model that turns `inputs` into `outputs` as a classifier should?

        check_model(MLP, inputs=(8, 1, 28, 28), outputs=(8, 10))

    It must take batches of any size, sample by sample; give numbers that are no probabilities yet
    (the loss makes these); be more than linear; and use all that it has.

    Args:
        make: a class or function without arguments; `partial(MLP, hidden=32)` settles some.
        inputs, outputs: shapes, the batch first.

    Raises:
        CheckFailed: an AssertionError that says which of these does not hold.
    """
    name = name or label(make)
    report.guarded(look_at_model, name, make, inputs, outputs)


def check_training(student, reference, make, name=None):
    """Does `student` train as `reference` does: same weights afterwards, same value returned?

        def make():
            torch.manual_seed(0)
            model = MLP()
            return model, loader, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1)

        check_training(train_one_epoch, reference, make)

    Args:
        student, reference: functions of what `make` returns.
        make: makes fresh arguments, the same every time: models, optimizers, batches.

    Raises:
        CheckFailed: an AssertionError that says what the loop does instead, from the order in
            which it calls the model, `zero_grad`, `backward` and `step`.
    """
    name = name or label(student)
    report.guarded(look_at_training, name, student, reference, make)


def run(name, what, act):
    """What `act()` returns; if it raises, that is the report."""
    with Guard(seconds=60) as guard:
        torch.set_default_dtype(guard.dtype)
        try:
            return act()
        except BaseException as error:
            if not guard.stopped_by(error):
                raise
            failure = error
    kind, says, hints = errors.explain(failure, None, None, None)
    if "mat1 and mat2" in str(failure):
        kind = "the batch is not flattened, or a layer has the wrong size"
        says = "A linear layer gets rows of another length than it has inputs."
        hints = (
            "How many numbers is one sample, once it is a row?",
            "`x.flatten(1)` makes a row of each sample; the first layer has that many inputs.",
        )
    report.failed(
        Finding(
            name,
            f"{name} stopped {what}: {type(failure).__name__}.",
            mistakes=(kind,),
            diagnosis=(sentence(kind, says),),
            line=errors.quote(failure),
            hints=tuple(hints),
            notes=(("says", errors.message(failure)),),
        )
    )


def wrongly(name, title, kind, says, *hints, **fields):
    """A `Finding` with one diagnosis."""
    said = (sentence(kind, says),)
    return Finding(name, title, mistakes=(kind,), diagnosis=said, hints=hints, **fields)


def look_at_model(name, make, inputs, outputs):
    def wrong(kind, says, *hints, **fields):
        title = f"{name} is not right yet."
        report.failed(wrongly(name, title, kind, says, *hints, **fields))

    if isinstance(make, torch.nn.Module):
        wrong("a model instead of a class", f"Give the check the class: {type(make).__name__}.")
    torch.manual_seed(0)
    model = run(name, "when it was made", make)
    if not isinstance(model, torch.nn.Module):
        wrong("no model", f"What was made is a {type(model).__name__}, not an `nn.Module`.")
    hidden = [k for k, v in vars(model).items() if k[:1] != "_" and holds_modules(v)]
    if hidden:
        wrong(
            "layers in a plain list",
            f"`self.{hidden[0]}` holds layers in a list or dict, where torch does not see them: "
            "their weights are not among `parameters()`.",
            "Use `nn.Sequential` or `nn.ModuleList`.",
        )
    if not list(model.parameters()):
        wrong("no parameters", "The model has no weights to train.", "Are its layers on `self`?")

    x = torch.randn(inputs, generator=torch.Generator().manual_seed(1))
    used = set()
    hooks = [m.register_forward_hook(lambda m, *_: used.add(m)) for m in model.modules()]
    model.train()
    y = run(name, f"with a batch of shape {inputs}", lambda: model(x))
    for hook in hooks:
        hook.remove()
    if not isinstance(y, torch.Tensor) or tuple(y.shape) != tuple(outputs):
        missing = "Is there a `return`?" if y is None else "Look at the last layer."
        wrong(
            "another shape comes out",
            "The output is not what the loss needs.",
            missing,
            given=(("input", f"shape {inputs}"),),
            yours=show(y),
            expected=f"shape {outputs}",
        )
    idle = [n for n, m in model.named_modules() if m not in used and not list(m.children())]
    if idle:
        wrong(
            "a layer is made and never used",
            f"`self.{idle[0]}` is made, but `forward` does not call it.",
            "Call it in `forward`, or leave it out.",
        )
    model.zero_grad()
    run(name, "in the backward pass", lambda: y.square().sum().backward())
    without = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if without:
        wrong(
            "a weight gets no gradient",
            f"The output does not depend on `{without[0]}`, or its graph is cut.",
            "Is there a `detach`, `.data` or `no_grad` in `forward`?",
        )

    model.eval()
    batch = x.shape[0]
    with torch.no_grad():
        y = run(name, "in eval mode", lambda: model(x))
        again = run(name, "in eval mode", lambda: model(x))
        one = run(name, "with a batch of one", lambda: model(x[:1]))
        zero = run(name, "with zeros", lambda: model(torch.zeros_like(x)))
        minus = run(name, "with other numbers", lambda: model(-x))
    if not close(y, again):
        wrong(
            "random in eval mode",
            "Twice the same input gives two outputs, although `model.eval()` was called.",
            "Use `nn.Dropout` as a layer: it knows the mode. `F.dropout` must be told.",
        )
    if tuple(one.shape) != (1, *outputs[1:]) or not torch.allclose(one, y[:1], atol=1e-4):
        wrong(
            "samples are mixed",
            "The output for a sample depends on the other samples of its batch, or on their number.",
            "Is the batch dimension kept apart in every reshape? `x.flatten(1)` keeps it.",
            given=(("alone", show(one[:1])), (f"of {batch}", show(y[:1]))),
        )
    rows = y.reshape(batch, -1)
    if rows.shape[1] > 1:
        for what, p in (("softmax", rows), ("log_softmax", rows.exp())):
            if (p >= 0).all() and torch.allclose(p.sum(1), torch.ones(batch), atol=1e-4):
                wrong(
                    f"{what} in the model",
                    f"The output went through {what}. `cross_entropy` does that itself, so it "
                    "would be done twice.",
                    "Return the last layer's numbers as they are.",
                )
    if torch.allclose(y, zero, atol=1e-6):
        wrong("blind", "The output is the same for every input.", "Where does `forward` use x?")
    if torch.allclose(y + minus, 2 * zero, atol=1e-4 * float(y.abs().max())):
        wrong(
            "no activation",
            "The model is linear: several linear layers in a row are only one.",
            "Put a ReLU, or another activation, between the layers.",
        )
    n = sum(p.numel() for p in model.parameters())
    report.passed(name, f"{name} turns {inputs} into {outputs} with {n} weights.")


def holds_modules(x):
    if isinstance(x, dict):
        x = list(x.values())
    return isinstance(x, (list, tuple)) and any(isinstance(m, torch.nn.Module) for m in x)


class Watch:
    """Writes down, in order, what a training loop calls.

    events: "forward", "forward (eval)", "zero_grad", "backward", "step".
    """

    def __init__(self, args):
        self.events: list[str] = []
        self.models = [x for x in args if isinstance(x, torch.nn.Module) and list(x.parameters())]
        for model in self.models:
            model.register_forward_pre_hook(self.on_forward)
            weights = [p for p in model.parameters() if p.requires_grad]
            weights[0].register_post_accumulate_grad_hook(lambda p: self.events.append("backward"))
        for optimizer in args:
            if isinstance(optimizer, torch.optim.Optimizer):
                optimizer.register_step_pre_hook(lambda *_: self.events.append("step"))
                vars(optimizer)["zero_grad"] = self.on_zero_grad(optimizer.zero_grad)

    def on_forward(self, model, _):
        self.events.append("forward" if model.training else "forward (eval)")

    def on_zero_grad(self, zero_grad):
        def watched(*args, **words):
            self.events.append("zero_grad")
            return zero_grad(*args, **words)

        return watched

    def count(self, event):
        return self.events.count(event)

    def weights(self):
        return [comparable(model) for model in self.models]


def look_at_training(name, student, reference, make):
    args = make()
    right = Watch(args)
    expected = reference(*args)
    args = make()
    before = Watch(make()).weights()
    mine = Watch(args)
    result = run(name, "while training", lambda: student(*args))
    gap = unlike(mine.weights(), right.weights())
    value = unlike(comparable(result), comparable(expected))
    if gap is None and value is None:
        if isinstance(result, torch.Tensor) and result.requires_grad:
            report.failed(
                wrongly(
                    name,
                    f"{name} trains well, but keeps the graph of every batch.",
                    "the loss is kept with its graph",
                    "Memory grows from batch to batch.",
                    "`loss.item()` is a plain number, without a graph.",
                )
            )
        report.passed(name, f"{name} trains as it should: {right.count('step')} steps.")
        return
    calls = dict(given=(("calls", rhythm(mine.events)), ("right", rhythm(right.events))))
    values = {}
    if gap is not None:
        moved = unlike(mine.weights(), before) is not None
        kind, says, hint = loop_mistake(mine, right, moved)
        title = f"{name} leaves other weights behind than it should."
    else:
        values = dict(yours=show(result), expected=show(expected))
        kind, says, hint = value_mistake(result, expected)
        title = f"{name} trains as it should, but returns something else."
    report.failed(wrongly(name, title, kind, says, hint, **calls, **values))


def rhythm(events):
    """The events of the first batches, and how many there are in all."""
    shown = " → ".join(events[:8]) + (" → …" if events[8:] else "")
    return f"{shown or 'nothing'} ({events.count('step')} steps)"


def loop_mistake(mine, right, moved):
    """What the order of calls says: (name, sentence, hint)."""
    e = mine.events
    steps, wanted = mine.count("step"), right.count("step")
    if not mine.count("backward"):
        return "no backward", "`backward()` is never called.", "The gradients come from it."
    if not steps:
        return "no step", "`optimizer.step()` is never called.", "It is what changes the weights."
    if not mine.count("zero_grad") and right.count("zero_grad"):
        return (
            "gradients add up",
            "`zero_grad()` is never called, so each gradient is added to all before it.",
            "Clear the gradients once a batch, before `backward()`.",
        )
    if after(e, "backward", "zero_grad", "step"):
        return (
            "gradients are cleared too early",
            "`zero_grad()` stands between `backward()` and `step()`: the step finds no gradients.",
            "The order is zero_grad, backward, step.",
        )
    if e.index("step") < e.index("backward"):
        return (
            "step before backward",
            "`step()` stands before `backward()`: it uses the gradients of the batch before.",
            "The order is zero_grad, backward, step.",
        )
    if steps == 1 < wanted and mine.count("backward") == 1:
        return (
            "only one batch",
            "The loop ends after one batch.",
            "Is there a `return` or `break` inside the loop?",
        )
    if steps < wanted:
        return (
            "too few steps",
            f"There are {steps} steps; there should be {wanted}, one a batch.",
            "Look at the indentation: does `step()` stand inside the loop?",
        )
    if steps > wanted:
        return (
            "too many steps",
            f"There are {steps} steps; {wanted} are right.",
            "One step a batch.",
        )
    if mine.count("zero_grad") < right.count("zero_grad"):
        return (
            "gradients add up",
            "`zero_grad()` is called too seldom, so gradients of several batches add up.",
            "Clear the gradients once a batch, before `backward()`.",
        )
    if "forward (eval)" in e and "forward (eval)" not in right.events:
        return (
            "training in eval mode",
            "The model is in eval mode while it is trained, so dropout and the like are off.",
            "Call `model.train()` first.",
        )
    if "forward" in e and "forward" not in right.events:
        return "not in eval mode", "The model is not in eval mode.", "Call `model.eval()` first."
    if not moved:
        return "nothing moves", "The weights are as before.", "Does the optimizer hold this model?"
    return (
        "another loss",
        "The calls are in the right order, so the loss or the batches must be others.",
        "Is the loss function the one given, with (outputs, targets) in that order?",
    )


def after(events, *pattern):
    """Do these events follow each other directly, anywhere?"""
    n = len(pattern)
    return any(tuple(events[i : i + n]) == pattern for i in range(len(events)))


def value_mistake(result, expected):
    if result is None:
        return "nothing is returned", "The loop returns nothing.", "Is there a `return` at its end?"
    a, b = comparable(result), comparable(expected)
    if getattr(a, "shape", 0) == getattr(b, "shape", 1) == () and b != 0:
        factor = float(a / b)
        if abs(factor - round(factor)) < 1e-4 and round(factor) > 1:
            return (
                "a sum instead of a mean",
                f"Yours is {round(factor)} times the right value.",
                "Divide by the number of what was added up.",
            )
    return (
        "another value",
        "The weights are right, so it is only the value that is put together wrongly.",
        "Is it the last batch's value, or the mean over all? With batches of different sizes, "
        "weigh each by its size.",
    )
