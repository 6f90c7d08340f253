"""A tensor in a message: what is told of it, as JSON, and its numbers, as raw bytes."""

import math

import torch

from autograder.bridge.messages import Forged

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128, torch.bool),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    )
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def state(x, encode):
    """(JSON, bytes).

    Args:
        encode: of a Table; for the gradient.

    Raises:
        TypeError: it cannot be handed over.
    """
    if type(x) in (torch.Tensor, torch.nn.Parameter):
        return plain_state(x, encode)
    with torch._C.DisableTorchFunctionSubclass():
        return plain_state(x, encode)


def plain_state(x, encode):
    name = NAMES.get(x.dtype)
    if name is None or x.layout != torch.strided:
        raise TypeError(f"a tensor of {x.dtype}, {x.layout} cannot be handed over")
    grad = x.grad if x.grad_fn is None else None
    told = {
        "tensor": name,
        "shape": list(x.shape),
        "needs": x.requires_grad,
        "grad": None if grad is None else encode(grad),
    }
    return told, bytes_of(x.detach())


def unlike(x, state):
    """Has it become another dtype or shape?"""
    return (NAMES[x.dtype], list(x.shape)) != (state["tensor"], state["shape"])


def made(state, blobs):
    """A tensor as it is told, lying in memory as the other side's, if nothing there overlaps."""
    shape, stride = tuple(state["shape"]), tuple(state["stride"])
    flat = numbers(state, blobs)
    dense = sum((n - 1) * s for n, s in zip(shape, stride, strict=True)) < 16 * flat.numel()
    if flat.numel() and dense and all(s > 0 for s in stride):
        return torch.empty_strided(shape, stride, dtype=flat.dtype).copy_(flat)
    return flat


def bytes_of(x):
    """The numbers of a tensor, in order."""
    if x.dtype == torch.bfloat16 or x.is_conj() or x.is_neg() or x.device.type != "cpu":
        x = x.cpu().resolve_conj().resolve_neg().contiguous().view(-1).view(torch.uint8)
    return x.numpy().tobytes()


def numbers(state, blobs):
    """The numbers of a tensor's state, in order, as a new tensor."""
    dtype, shape = DTYPES[state["tensor"]], [int(n) for n in state["shape"]]
    data, size = blobs[state["blob"]], math.prod(shape)
    if any(n < 0 for n in shape) or size * dtype.itemsize != len(data):
        raise Forged("a tensor of another size than its bytes")
    if not size:
        return torch.zeros(shape, dtype=dtype)
    return torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
