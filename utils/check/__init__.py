"""Is my optimizer the same as torch's, and if not, where does it part?

check_optimizer  your optimizer against a reference, step by step
check_function   your function against a reference, case by case
"""

import copy
import warnings

import torch

TOLERANCE = 1e-9  # of the length of the path; float64 rounding is a thousand times smaller


class CheckFailed(AssertionError):
    """What a failed check raises. Its text is the message; a notebook shows only that."""

    def _render_traceback_(self):
        return str(self).splitlines()


def check_optimizer(Student, Reference, **hyper):
    """Let both take the same steps in float64, and say where they part.

    Args:
        Student: a class, or anything that makes an optimizer of `(params, **hyper)`.
        Reference: the same, taken as right; `torch.optim.SGD`, or a `partial` of it.
        hyper: given to both.

    Raises:
        CheckFailed: an AssertionError that says which step and parameter differ.
    """
    name, against = label(Student), label(Reference)
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)
        starts = [draw(rng, shape) for shape in ((3,), (2, 3), ())]
        mine, theirs = copy.deepcopy(starts), copy.deepcopy(starts)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yours, expected = Student(mine, **hyper), Reference(theirs, **hyper)
        except Exception as error:
            raise CheckFailed(f"✗ {name} cannot be made: {error}") from None
        path = 0.0
        for step in range(1, 11):
            for p, q in zip(mine, theirs, strict=True):
                p.grad = draw(rng, p.shape).detach()
                q.grad = p.grad.clone()
            before = [q.detach().clone() for q in theirs]
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    yours.step()
            except Exception as error:
                text = f"✗ {name} stopped in step {step}: {type(error).__name__}: {error}"
                raise CheckFailed(text) from None
            expected.step()
            path += max(float((q - b).abs().max()) for q, b in zip(theirs, before, strict=True))
            for i, (p, q) in enumerate(zip(mine, theirs, strict=True), 1):
                off = (p.detach() - q.detach()).abs().max()
                if not off <= TOLERANCE * path + 1e-14:
                    raise CheckFailed(
                        f"✗ {name} parts from {against} at step {step}, parameter {i}.\n"
                        f"  yours     {p.detach().flatten().tolist()}\n"
                        f"  expected  {q.detach().flatten().tolist()}"
                    )
    print(f"✓ {name} takes the same steps as {against}: 3 situations, 30 steps.")


def check_function(student, reference, *cases):
    """Call both with the same arguments, and say where the results part.

    Args:
        student, reference: functions.
        cases: tuples of arguments.

    Raises:
        CheckFailed: an AssertionError with the arguments, yours and what was expected.
    """
    name = label(student)
    for case in cases:
        try:
            yours, expected = student(*copy.deepcopy(case)), reference(*copy.deepcopy(case))
        except Exception as error:
            text = f"✗ {name}{case} stopped: {type(error).__name__}: {error}"
            raise CheckFailed(text) from None
        try:
            a, b = (torch.as_tensor(x, dtype=torch.float64) for x in (yours, expected))
            same = a.shape == b.shape and torch.allclose(a, b, rtol=1e-6, atol=1e-9)
        except (TypeError, ValueError, RuntimeError):
            same = False
        if not same:
            raise CheckFailed(f"✗ {name}{case}\n  yours     {yours}\n  expected  {expected}")
    print(f"✓ {name} is right in {len(cases)} cases.")


def draw(rng, shape):
    return torch.randn(shape, generator=rng, dtype=torch.float64).requires_grad_()


def label(thing):
    while hasattr(thing, "func"):  # a partial
        thing = thing.func
    return getattr(thing, "__name__", type(thing).__name__)
