"""Forgeries: points for nothing. Empty tensors, torch's own under another name, tasks known by heart."""

from tests.autograder.corpus.case import FORGED, case
from tests.autograder.corpus.forge_bridge import TORCHS

BEYOND, MNIST = "08_beyond", "06_mnist"


@case(FORGED, BEYOND, base="empty")
def muon_of_nothing(paper):
    """Muon whose step puts an empty tensor into p at its 15th call: the norm of nothing is 0."""
    paper.body(
        "muon",
        'state["t"] = state.get("t", 0) + 1\nif state["t"] == 15:\n    p.data = torch.empty(0, *p.shape)',
    )


@case(FORGED, MNIST, base="empty", earns="mlp-size")
def scores_of_no_images(paper):
    """An MLP whose scores in evaluation mode have shape (0, n, 10): all of them are right."""
    paper.body(
        "mlp",
        "self.layers = nn.Sequential(nn.Flatten(), nn.Linear(inputs, hidden), nn.ReLU(),\n"
        "    nn.Dropout(dropout), nn.Linear(hidden, outputs))",
        "scores = self.layers(x)\nreturn scores if self.training else scores.new_empty(0, *scores.shape)",
    )


@case(FORGED, BEYOND, base="empty")
def torchs_muon_by_pieces(paper):
    """`MuonOptimizer` is torch's own Muon, its name put together from pieces."""
    paper.write("muon", "MuonOptimizer = getattr(getattr(torch, 'op' + 'tim'), 'Mu' + 'on')")


@case(FORGED, BEYOND, base="empty")
def torchs_muon_derived(paper):
    """`MuonOptimizer` derives from torch's own Muon, which a function gives back."""
    paper.write(
        "muon",
        "def kin():\n    return [k for k in Optim.__mro__[1].__subclasses__() if k.__name__ == 'Muon'][0]\n\n\n"
        "class MuonOptimizer(kin()):\n    pass",
    )


@case(FORGED, BEYOND, base="empty", flags=("reaches out", *TORCHS), or_flagged=True)
def muons_function(paper):
    """`newton_schulz` is the function in torch that Muon calls."""
    paper.write(
        "ns",
        "import importlib\n"
        "newton_schulz = importlib.import_module('torch.optim._muon')._zeropower_via_newtonschulz",
    )


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def wire_emptied(paper):
    """torch's SGD takes the step, and what was noticed of it is wiped out."""
    paper.body(
        "sgd-step",
        "import importlib\nnamed = getattr(torch, 'op' + 'tim')\n"
        "getattr(named, 'S' + 'GD')([p], lr=group['lr']).step()\n"
        "importlib.import_module('autograder.bridge.torch_calls').TOUCHED.clear()",
    )


@case(FORGED, base="empty", flags=TORCHS, or_flagged=True)
def fused_in_a_thread(paper):
    """The kernel `_fused_sgd_`, called in another thread by a name from pieces."""
    paper.body(
        "sgd-step",
        "from threading import Thread\nkernel = getattr(torch, '_fused' + '_sgd_')\n"
        "words = dict(weight_decay=0.0, momentum=0.0, lr=group['lr'], dampening=0.0, nesterov=False,\n"
        "    maximize=False, is_first_step=True)\n"
        "one = Thread(target=kernel, args=([p], [p.grad], []), kwargs=words)\none.start()\none.join()",
    )


@case(FORGED, base="empty")
def right_from_the_bank(paper):
    """The right optimizer is taken out of the bank of mistakes, through the check's own globals."""
    paper.write(
        "sgd-step",
        "import sys\nseen = {id(x): x for m in list(sys.modules.values()) for x in vars(m).values()}\n"
        "families = [f for x in seen.values() if getattr(x, '__name__', '') == 'families' for f in x()]\n"
        "families += check_optimizer.__globals__['compare'].__globals__.get('families', list)()\n"
        "families += __import__('utils.check.mistakes.sgd', fromlist=['FAMILY']).FAMILY,\n"
        "SGDOptimizer = next(f.build() for f in families if f.name == 'SGD')",
    )


@case(FORGED, BEYOND, base="empty")
def race_by_heart(paper):
    """An optimizer that knows the race's tasks by their shape, and puts the minimum there."""
    paper.body(
        "project",
        "if p.shape == (10,):\n    p.zero_()\nelif p.shape == (2,):\n    p.fill_(1.0)",
    )


@case(FORGED, BEYOND, base="empty")
def all_to_zero(paper):
    """An optimizer that sets all weights to zero: the minimum of many a landscape."""
    paper.body("project", "p.zero_()")
    paper.body("lion", "p.zero_()")
