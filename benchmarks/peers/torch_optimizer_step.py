"""PyTorch's side of `run optimizer-step` and `run came-step-time`.

AdamW fused, foreach and single-tensor, and the authors' CAME (PyPI came-pytorch).
"""

import importlib.metadata
import os
import sys

import numpy as np
import torch

from protocol import answer_lines, time_steps

torch.set_num_threads(os.cpu_count())


def hashed(count, key, scale):
    """Numbers in [−scale/2, scale/2), the same as in benchmarks/step-timing/values.ts: exact in float32."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1)
        h ^= np.uint32((key * 0x85EBCA6B) & 0xFFFFFFFF)
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x7FEB352D)
        h ^= h >> np.uint32(15)
        h *= np.uint32(0x846CA68B)
        h ^= h >> np.uint32(16)
    return (((h >> np.uint32(8)).astype(np.float32) / np.float32(2**24)) - np.float32(0.5)) * np.float32(scale)


def make_optimizer(kind, parameters, question):
    if kind == "authors":
        from came_pytorch import CAME

        options = question["came"]
        return CAME(
            parameters,
            lr=options["learningRate"],
            betas=(options["beta1"], options["beta2"], options["beta3"]),
            eps=(options["epsilon1"], options["epsilon2"]),
            clip_threshold=options["clipThreshold"],
            weight_decay=options["weightDecay"],
        )
    options = question["adamw"]
    return torch.optim.AdamW(
        parameters,
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        weight_decay=options["weightDecay"],
        fused=kind == "adamw-fused",
        foreach=kind == "adamw-foreach",
    )


contestants, gradients = {}, {}


def prepare(question):
    """Makes a contestant and its first steps. Where a process has several, each question says which "contestant" it is for."""
    parameters = []
    for index, shape in enumerate(question["shapes"]):
        count = int(np.prod(shape))
        # Cloned, so that they lie in memory that PyTorch allocated, as a model's do: NumPy's lies in large pages.
        tensor = lambda key, scale: torch.from_numpy(hashed(count, key, scale).reshape(shape)).clone()
        parameter = tensor(2 * index, question["weightScale"]).requires_grad_()
        # No optimizer writes gradients: contestants share them.
        key = (index, *shape, question["gradientScale"])
        if key not in gradients:
            gradients[key] = tensor(2 * index + 1, question["gradientScale"])
        parameter.grad = gradients[key]
        parameters.append(parameter)
    optimizer = make_optimizer(question["kind"], parameters, question)
    for _ in range(question["warmUp"]):
        optimizer.step()
    contestants[question.get("contestant")] = (parameters, optimizer)
    state = [value for slots in optimizer.state.values() for value in slots.values() if torch.is_tensor(value)]
    package = "came-pytorch " + importlib.metadata.version("came-pytorch") + ", " if question["kind"] == "authors" else ""
    return {
        "stateBytes": sum(value.numel() * value.element_size() for value in state),
        "threads": torch.get_num_threads(),
        "version": f"{package}PyTorch {torch.__version__}",
    }


def run(question):
    _, optimizer = contestants[question.get("contestant")]
    return {"ms": time_steps(lambda: optimizer.step(), question["steps"])}


def values(question):
    """Some values of some parameters: [[value of element e for e in elements] for (index, elements) in samples]."""
    parameters, _ = contestants[question.get("contestant")]
    flat = lambda index: parameters[index].detach().reshape(-1)
    return {"values": [flat(sample["index"])[sample["elements"]].tolist() for sample in question["samples"]]}


def release(_):
    """Ends all contestants."""
    contestants.clear()
    gradients.clear()
    return {}


def bandwidth(question):
    """GB/s, the best of `repeats` passes over arrays far larger than the caches, counted as STREAM does."""
    a, b, c = (torch.ones(question["elements"]) for _ in range(3))
    passes = {  # bytes an element: what the program reads and writes; write-allocate traffic is not counted
        "triad": (12, lambda: torch.add(b, c, alpha=1.5, out=a)),  # a = b + s·c
        "addInPlace": (12, lambda: a.add_(b, alpha=1e-3)),
        "scaleInPlace": (8, lambda: a.mul_(1.0001)),
        "sum": (4, lambda: a.sum()),
    }
    return {
        name: bytes_each * question["elements"] / min(time_steps(run, question["repeats"])) / 1e6
        for name, (bytes_each, run) in passes.items()
    }


answer_lines({
    "prepare": prepare,
    "run": run,
    "values": values,
    "release": release,
    "bandwidth": bandwidth,
})
