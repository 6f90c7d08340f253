"""Right optimizers, each written in another way. The check must pass every one of them.

RIGHT: name of the class in the exercise → the classes. FLOAT32: those that compute in float32.
"""

import math

import numpy as np
import torch

from utils.optim import Optim


class SGD(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))


class OutOfPlaceCopiedBack(SGD):
    def my_step(self, p, state, group):
        new = p - group["lr"] * p.grad
        p.copy_(new)


class OnData(SGD):
    def my_step(self, p, state, group):
        p.data.add_(p.grad.data, alpha=-group["lr"])


class OldSignature(SGD):
    def my_step(self, p, state, group):
        p.data.add_(-group["lr"], p.grad.data)


class AugmentedAssignment(SGD):
    def my_step(self, p, state, group):
        p -= group["lr"] * p.grad


class SliceAssignment(SGD):
    def my_step(self, p, state, group):
        p.data[...] = p.data - p.grad * group["lr"]


class OutArgument(SGD):
    def my_step(self, p, state, group):
        torch.sub(p, group["lr"] * p.grad, out=p)


class InNumpy(SGD):
    def my_step(self, p, state, group):
        x = p.detach().numpy()
        x -= group["lr"] * np.asarray(p.grad)


class EntryByEntry(SGD):
    def my_step(self, p, state, group):
        for at in np.ndindex(*p.shape):
            p[at] = p[at] - group["lr"] * p.grad[at].item()


class ReturnsP(SGD):
    def my_step(self, p, state, group):
        return p.sub_(group["lr"] * p.grad)


class ForeachSGD(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            ps = [p for p in group["params"] if p.grad is not None]
            if ps:
                torch._foreach_add_(ps, [p.grad for p in ps], alpha=-group["lr"])


class StepOfItsOwn(torch.optim.Optimizer):
    """The form of seed 004, mended."""

    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

    def step(self, closure=None):
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.data.add_(-group["lr"] * p.grad.data)
        return loss


class LearningRateTensor(SGD):
    def my_step(self, p, state, group):
        p.addcmul_(p.grad, torch.tensor(group["lr"], dtype=p.dtype), value=-1)


class Talkative(SGD):
    def my_step(self, p, state, group):
        print("p before the step:", p)
        p.sub_(p.grad * group["lr"])


class Momentum(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))


class Seed002Momentum(Momentum):
    def my_step(self, p, state, group):
        d_p = p.grad.data
        if "v" not in state:
            state["v"] = torch.clone(d_p).detach()
        else:
            state["v"] = d_p + group["momentum"] * state["v"]
        p.data.add_(-group["lr"] * state["v"])


class NegativeVelocity(Momentum):
    def my_step(self, p, state, group):
        v = state.setdefault("v", torch.zeros_like(p))
        v.mul_(group["momentum"]).sub_(p.grad)
        p.add_(v, alpha=group["lr"])


class BufferOfZeros(Momentum):
    def my_step(self, p, state, group):
        if len(state) == 0:
            state["v"] = torch.zeros(p.shape, device=p.device)
        state["v"] = group["momentum"] * state["v"] + p.grad
        p.sub_(group["lr"] * state["v"])


class StartsFromTheNumberZero(Momentum):
    def my_step(self, p, state, group):
        state["v"] = state.get("v", 0) * group["momentum"] + p.grad
        p.sub_(group["lr"] * state["v"])


class WholeHistory(Momentum):
    def my_step(self, p, state, group):
        history = state.setdefault("history", [])
        history.append(p.grad.clone())
        n = len(history)
        v = sum(group["momentum"] ** (n - 1 - i) * g for i, g in enumerate(history))
        p.sub_(group["lr"] * v)


class BufferFromTheGradient(Momentum):
    def my_step(self, p, state, group):
        if state.get("velocity") is None:
            state["velocity"] = p.grad.clone()
        else:
            state["velocity"].mul_(group["momentum"]).add_(p.grad)
        p.add_(state["velocity"], alpha=-group["lr"])


class ForeachMomentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            ps = [p for p in group["params"] if p.grad is not None]
            for p in ps:
                self.state[p].setdefault("v", torch.zeros_like(p))
            vs = [self.state[p]["v"] for p in ps]
            if ps:
                torch._foreach_mul_(vs, group["momentum"])
                torch._foreach_add_(vs, [p.grad for p in ps])
                torch._foreach_add_(ps, vs, alpha=-group["lr"])


class Dampening(Optim):
    def __init__(self, params, lr, momentum, dampening, weight_decay):
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        super().__init__(params, defaults)


class ZerosAndAFlag(Dampening):
    def my_step(self, p, state, group):
        g = p.grad.add(p, alpha=group["weight_decay"])
        first = "v" not in state or group["momentum"] == 0
        if first:
            state["v"] = torch.zeros_like(p)
        weight = 1 if first else 1 - group["dampening"]
        state["v"].mul_(group["momentum"]).add_(g, alpha=weight)
        p.add_(state["v"], alpha=-group["lr"])


class Seed004Mended(Dampening):
    def my_step(self, p, state, group):
        d_p = p.grad.data
        if group["weight_decay"] != 0:
            d_p = d_p.add(p.data, alpha=group["weight_decay"])
        if group["momentum"] != 0:
            if "momentum_buffer" not in state:
                buffer = state["momentum_buffer"] = torch.zeros_like(p.data)
                buffer.mul_(group["momentum"]).add_(d_p)
            else:
                buffer = state["momentum_buffer"]
                buffer.mul_(group["momentum"]).add_(d_p, alpha=1 - group["dampening"])
            d_p = buffer
        p.data.copy_(p.data - group["lr"] * d_p)


class Nesterov(Momentum):
    pass


class LookAheadWrittenOut(Nesterov):
    def my_step(self, p, state, group):
        mu, g = group["momentum"], p.grad
        old = state.get("v", torch.zeros_like(p))
        state["v"] = mu * old + g
        p.sub_(group["lr"] * ((1 + mu) * g + mu * mu * old))


class LookAheadInTwoMoves(Nesterov):
    def my_step(self, p, state, group):
        mu, lr = group["momentum"], group["lr"]
        if "v" not in state:
            state["v"] = torch.zeros_like(p)
        state["v"].mul_(mu).add_(p.grad)
        p.sub_(lr * p.grad)
        p.sub_(lr * mu * state["v"])


class RMSprop(Optim):
    def __init__(self, params, lr, alpha, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))


class WithAddcdiv(RMSprop):
    def my_step(self, p, state, group):
        if "v" not in state:
            state["v"] = torch.zeros_like(p.data)
        v = state["v"]
        v.mul_(group["alpha"]).addcmul_(p.grad, p.grad, value=1 - group["alpha"])
        p.data.addcdiv_(p.grad, v.sqrt().add_(group["eps"]), value=-group["lr"])


class WithLerp(RMSprop):
    def my_step(self, p, state, group):
        v = state.setdefault("v", torch.zeros_like(p))
        v.lerp_(p.grad.square(), 1 - group["alpha"])
        p.sub_(group["lr"] * p.grad / (v**0.5 + group["eps"]))


class KeepsTheRoot(RMSprop):
    def my_step(self, p, state, group):
        rms = state.get("rms", torch.zeros_like(p))
        alpha = group["alpha"]
        state["rms"] = torch.sqrt(alpha * rms * rms + (1 - alpha) * p.grad * p.grad)
        p.sub_(group["lr"] * p.grad / (state["rms"] + group["eps"]))


class Seed002RMSprop(Optim):
    """ε is no hyper-parameter here; the division is not done in place as in the seed."""

    def __init__(self, params, lr, alpha):
        self.eps = 1e-8
        super().__init__(params, dict(lr=lr, alpha=alpha))

    def my_step(self, p, state, group):
        alpha, grad = group["alpha"], p.grad.data
        if "v" not in state:
            state["v"] = torch.zeros_like(p.data)
        state["v"] = (1 - alpha) * torch.pow(grad, 2) + alpha * state["v"]
        p.data.add_(-group["lr"] * grad / (torch.sqrt(state["v"]) + self.eps))


class Adam(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def averages(self, p, state, group):
        beta1, beta2 = group["betas"]
        if "m" not in state:
            state["t"], state["m"], state["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
        state["t"] += 1
        state["m"] = beta1 * state["m"] + (1 - beta1) * p.grad
        state["v"] = beta2 * state["v"] + (1 - beta2) * p.grad**2
        return state["m"], state["v"], 1 - beta1 ** state["t"], 1 - beta2 ** state["t"]


class AsTheEquations(Adam):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        p.sub_(group["lr"] * (m / c1) / (torch.sqrt(v / c2) + group["eps"]))


class Seed002Adam(Adam):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        denom = (v.sqrt() / math.sqrt(c2)).add_(group["eps"])
        p.data.addcdiv_(-group["lr"] / c1, m, denom)


class CorrectionsInTheLearningRate(Adam):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        lr, eps = group["lr"] * math.sqrt(c2) / c1, group["eps"] * math.sqrt(c2)
        p.sub_(lr * m / (v.sqrt() + eps))


class DebiasedRecursion(Adam):
    def my_step(self, p, state, group):
        for name, beta, x in zip("mv", group["betas"], (p.grad, p.grad**2), strict=True):
            n = state[f"n{name}"] = beta * state.get(f"n{name}", 0.0) + 1
            mean = state.get(name, torch.zeros_like(p))
            state[name] = mean + (x - mean) / n
        p.sub_(group["lr"] * state["m"] / (state["v"].sqrt() + group["eps"]))


class ProductsOfBetas(Adam):
    def my_step(self, p, state, group):
        beta1, beta2 = group["betas"]
        if not state:
            state.update(m=torch.zeros_like(p), v=torch.zeros_like(p), b1=1.0, b2=1.0)
        state["b1"] *= beta1
        state["b2"] *= beta2
        state["m"].lerp_(p.grad, 1 - beta1)
        state["v"].lerp_(p.grad * p.grad, 1 - beta2)
        v_hat = state["v"] / (1 - state["b2"])
        p.addcdiv_(state["m"] / (1 - state["b1"]), v_hat.sqrt() + group["eps"], value=-group["lr"])


class TensorAsCounter(Adam):
    def my_step(self, p, state, group):
        beta1, beta2 = group["betas"]
        if len(state) == 0:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
            state["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
        state["step"] += 1
        state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
        state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
        m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
        v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
        p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])


class IntegerTensorAsCounter(Adam):
    def my_step(self, p, state, group):
        m, v, _, _ = self.averages(p, state, group)
        state["n"] = state.get("n", torch.tensor(0)) + 1
        beta1, beta2 = group["betas"]
        m_hat, v_hat = m / (1 - beta1 ** state["n"]), v / (1 - beta2 ** state["n"])
        p.add_(-group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


class OneTensorForBoth(Adam):
    def my_step(self, p, state, group):
        if not state:
            state["mv"], state["t"] = torch.zeros((2, *p.shape), dtype=p.dtype, device=p.device), 0
        state["t"] += 1
        betas = torch.tensor(group["betas"], dtype=p.dtype, device=p.device).reshape(
            2, *[1] * p.dim()
        )
        new = torch.stack([p.grad, p.grad.square()])
        state["mv"] = betas * state["mv"] + (1 - betas) * new
        m, v = state["mv"] / (1 - betas ** state["t"])
        p.sub_(group["lr"] * m / (v.sqrt() + group["eps"]))


class WithNames(Adam):
    """State as an object of its own class, kept in `state`."""

    def my_step(self, p, state, group):
        b1, b2 = group["betas"]
        moments = state.setdefault("moments", [0, 0])
        state["t"] = state.get("t", 0) + 1
        moments[0] = b1 * moments[0] + (1 - b1) * p.grad
        moments[1] = b2 * moments[1] + (1 - b2) * p.grad.pow(2)
        m, v = moments[0] / (1 - b1 ** state["t"]), moments[1] / (1 - b2 ** state["t"])
        p.add_(m.div(v.sqrt().add(group["eps"])), alpha=-group["lr"])


class ForeachAdam(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            ps = [p for p in group["params"] if p.grad is not None]
            if not ps:
                continue
            for p in ps:
                if not self.state[p]:
                    self.state[p] = dict(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                self.state[p]["t"] += 1
            gs = [p.grad for p in ps]
            ms, vs = ([self.state[p][k] for p in ps] for k in "mv")
            torch._foreach_lerp_(ms, gs, 1 - b1)
            torch._foreach_mul_(vs, b2)
            torch._foreach_addcmul_(vs, gs, gs, 1 - b2)
            for p, m, v in zip(ps, ms, vs, strict=True):
                t = self.state[p]["t"]
                denominator = (v / (1 - b2**t)).sqrt() + group["eps"]
                p.addcdiv_(m, denominator, value=-group["lr"] / (1 - b1**t))


class AdamW(Optim):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    averages = Adam.averages


class DecayInOneFormula(AdamW):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        step = (m / c1) / ((v / c2).sqrt() + group["eps"]) + group["weight_decay"] * p
        p.sub_(group["lr"] * step)


class DecayFirst(AdamW):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        p.data.mul_(1 - group["lr"] * group["weight_decay"])
        p.data.add_(-group["lr"] * (m / c1) / ((v / c2).sqrt() + group["eps"]))


class DecayWithTheOldWeights(AdamW):
    def my_step(self, p, state, group):
        m, v, c1, c2 = self.averages(p, state, group)
        old = p.clone()
        p.sub_(group["lr"] * (m / c1) / ((v / c2).sqrt() + group["eps"]))
        p.sub_(group["lr"] * group["weight_decay"] * old)


class BuffersInFloat32(Adam):
    def my_step(self, p, state, group):
        beta1, beta2 = group["betas"]
        if not state:
            state["t"] = 0
            state["m"] = torch.zeros(p.shape, dtype=torch.float32, device=p.device)
            state["v"] = torch.zeros(p.shape, dtype=torch.float32, device=p.device)
        state["t"] += 1
        state["m"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
        state["v"].mul_(beta2).add_(p.grad**2, alpha=1 - beta2)
        m_hat = state["m"] / (1 - beta1 ** state["t"])
        v_hat = state["v"] / (1 - beta2 ** state["t"])
        p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


class CounterInFloat32(Adam):
    def my_step(self, p, state, group):
        m, v, _, _ = self.averages(p, state, group)
        t = torch.tensor(state["t"], dtype=torch.float32)
        beta1, beta2 = group["betas"]
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


class GradientInFloat32(SGD):
    def my_step(self, p, state, group):
        p.sub_(group["lr"] * p.grad.float())


class EverythingInFloat32(Momentum):
    def my_step(self, p, state, group):
        v = state.get("v", torch.zeros_like(p)).float()
        state["v"] = group["momentum"] * v + p.grad.float()
        p.copy_(p.float() - group["lr"] * state["v"])


def written(base):
    """The classes in this file that derive from `base` and can take a step."""
    return [c for c in globals().values() if isinstance(c, type) and issubclass(c, base)]


FLOAT32 = [BuffersInFloat32, CounterInFloat32, GradientInFloat32, EverythingInFloat32]
BASES = [SGD, Momentum, Dampening, Nesterov, RMSprop, Adam, AdamW]
RIGHT = {
    "SGDOptimizer": [*written(SGD)[1:], ForeachSGD, StepOfItsOwn],
    "SGDMomentumOptimizer": [
        *(c for c in written(Momentum)[1:] if not issubclass(c, Nesterov)),
        ForeachMomentum,
    ],
    "SGDDampeningOptimizer": written(Dampening)[1:],
    "NesterovOptimizer": written(Nesterov)[1:],
    "RMSPropOptimizer": [*written(RMSprop)[1:], Seed002RMSprop],
    "AdamOptimizer": [*written(Adam)[1:], ForeachAdam],
    "AdamWOptimizer": written(AdamW)[1:],
}
