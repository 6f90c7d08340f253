"""Mistakes that can be made with any optimizer.

They rely on four lines that every right class has: `lr = group["lr"]`, `g = p.grad`, the last line
`p.add_(d, alpha=-lr)` with d for the direction, and the head of `my_step`.
"""

from utils.check.mistakes import Mistake

HEAD = "def my_step(self, p, state, group):"
MOVE = "p.add_(d, alpha=-lr)"


def own_step(loop):
    """A `step` of the student's own, in front of `my_step`."""
    body = "\n".join("    " + line for line in loop.strip("\n").splitlines())
    return {HEAD: f"def step(self, closure=None):\n{body}\n\n{HEAD}"}


ANY_OPTIMIZER = (
    Mistake(
        "steps uphill",
        {MOVE: "p.add_(d, alpha=lr)"},
        "The step has the wrong sign: it goes up the gradient instead of down.",
        (
            "The gradient points to where the loss grows. Where does your step go?",
            "Look at the sign in front of lr in the line that changes p.",
        ),
    ),
    Mistake(
        "no learning rate",
        {MOVE: "p.sub_(d)"},
        "The step is not multiplied by the learning rate.",
        (
            "Make lr ten times smaller: does your step get smaller too?",
            "`lr` must scale the step in the line that changes p.",
        ),
    ),
    Mistake(
        "nothing moves",
        {MOVE: "p = p - lr * d"},
        "p does not change at all: the new value is a new tensor, and nobody keeps it.",
        (
            "`p = ...` gives a name to a new tensor; the parameter itself stays as it was.",
            "Change p in place, with a method whose name ends in an underscore, such as `add_`.",
        ),
    ),
    Mistake(
        "p.data is rebound",
        {MOVE: "p.data = p.data - lr * d"},
        "`p.data = ...` gives the parameter new memory instead of changing the numbers in it.",
        (
            "Who else looks at the old memory of p (a view, a shared weight) sees the old numbers.",
            "Use an in-place method of p instead of an assignment.",
        ),
    ),
    Mistake(
        "lr is not read from the group",
        {'lr = group["lr"]': 'lr = self.defaults["lr"]'},
        "lr is the one that the constructor got, so another lr in a parameter group, or a new one "
        "in mid-run, has no effect.",
        (
            "Each parameter group can have an lr of its own. Where do you read yours?",
            "`self.lr` and `self.defaults` never change; `group` is the group that p belongs to.",
        ),
    ),
    Mistake(
        "lr is that of the first group",
        {'lr = group["lr"]': 'lr = self.param_groups[0]["lr"]'},
        "lr is always read from the first parameter group, also for the parameters of the others.",
        (
            "With two groups, which lr does a parameter of the second one get?",
            "my_step is given the group that p belongs to: read lr there.",
        ),
    ),
    Mistake(
        "the gradient is cleared",
        {"g = p.grad": "g = p.grad.clone()\np.grad.zero_()"},
        "The step sets `p.grad` to zero; that is for `zero_grad()` to do, when the loop says so.",
        (
            "An optimizer's step only reads the gradient. Is it the same after your step?",
            "Remove the line that zeroes or deletes `p.grad`.",
        ),
    ),
    Mistake(
        "only the sign of the gradient counts",
        {MOVE: "p.add_(g.sign(), alpha=-lr)"},
        "Every entry moves by exactly lr, whatever the size of its gradient: that is sign descent.",
        (
            "Double the gradient: does your step change as it should?",
            "The step must use the numbers of the direction, not just their signs.",
        ),
    ),
    Mistake(
        "the gradient is normalised",
        {"g = p.grad": "g = p.grad / p.grad.norm()"},
        "The gradient is divided by its norm, so its length is lost and entries depend on others.",
        (
            "Does one entry of the step depend on the gradient of another entry? It should not.",
            "Use `p.grad` as it is, without dividing it by its norm.",
        ),
    ),
    Mistake(
        "one gradient for all entries",
        {"g = p.grad": "g = p.grad.mean()"},
        "The gradient is averaged over the entries, so all entries of p move alike.",
        (
            "Each weight has a gradient of its own. Do yours all get the same step?",
            "There must be no `mean()` over `p.grad`: the arithmetic is entry by entry.",
        ),
    ),
    Mistake(
        "the gradient is clipped",
        {"g = p.grad": "g = p.grad.clamp(-1, 1)"},
        "The gradient is cut off at ±1.",
        (
            "What happens in your step to a gradient of 5?",
            "Remove the `clamp`: clipping is not part of this method.",
        ),
    ),
    Mistake(
        "the step replaces the weights",
        {MOVE: "p.copy_(-lr * d)"},
        "The weights become the step; the step should be added to them.",
        (
            "After your step, does it matter where p was before?",
            "p must be changed *by* the step: add to p, do not overwrite it.",
        ),
    ),
    Mistake(
        "no gradient, no check",
        own_step("""
with torch.no_grad():
    for group in self.param_groups:
        for p in group["params"]:
            self.my_step(p, self.state[p], group)
"""),
        "A parameter that took no part in the loss has `p.grad is None`, and your step computes "
        "with that None.",
        (
            "Freeze a layer: its parameters never get a gradient. What does your step do then?",
            "Skip such a parameter: `if p.grad is None: continue`.",
        ),
    ),
    Mistake(
        "no gradient ends the step",
        own_step("""
with torch.no_grad():
    for group in self.param_groups:
        for p in group["params"]:
            if p.grad is None:
                return
            self.my_step(p, self.state[p], group)
"""),
        "At the first parameter without a gradient the whole step ends, so those after it stay.",
        (
            "What happens to the parameters that come after one without a gradient?",
            "`return` leaves the step; `continue` goes on with the next parameter.",
        ),
    ),
    Mistake(
        "only the first group moves",
        own_step("""
with torch.no_grad():
    group = self.param_groups[0]
    for p in group["params"]:
        if p.grad is not None:
            self.my_step(p, self.state[p], group)
"""),
        "Only the parameters of the first group are stepped.",
        (
            "How many parameter groups does your step go through?",
            "Loop over `self.param_groups`, and inside it over `group['params']`.",
        ),
    ),
    Mistake(
        "only the last parameter moves",
        own_step("""
with torch.no_grad():
    for group in self.param_groups:
        for p in group["params"]:
            found = p if p.grad is not None else found
        self.my_step(found, self.state[found], group)
"""),
        "Only the last parameter of each group is stepped: in your `step`, the update stands after "
        "the loop over the parameters.",
        (
            "How often does your update run when a group has three parameters?",
            "Look at the indentation: the update belongs inside the loop over the parameters.",
        ),
    ),
    Mistake(
        "autograd is on",
        own_step("""
for group in self.param_groups:
    for p in group["params"]:
        if p.grad is not None:
            self.my_step(p, self.state[p], group)
"""),
        "p is changed while autograd is watching, and autograd does not allow that for a weight.",
        (
            "A weight is a leaf that requires a gradient. Must autograd see the update?",
            "Put `@torch.no_grad()` over your `step`.",
        ),
    ),
)
