"""PyTorch's side of `run training-step`: the same language model, weights and tokens, eager or compiled.

Several plain forms of the same step are tried and the fastest one is timed. AdamW is torch.optim.AdamW(fused=True).
"""

import os
import sys

import torch
from safetensors.torch import load_file

from protocol import answer_lines, fastest, time_steps
from torch_language_model import LanguageModel, adamw, training_step

torch.set_num_threads(os.cpu_count())
COMPILED = sys.argv[1:] == ["compiled"]
LOSSES = 5


def make_step(weights, question, attention, compile_optimizer=False):
    model = LanguageModel(weights, question, attention)
    optimizer = adamw(model, question, fused=not compile_optimizer)
    loss_of, update = model.loss, optimizer.step
    if COMPILED:
        loss_of = torch.compile(model.loss)
        if compile_optimizer:
            update = torch.compile(optimizer.step)
    return training_step(loss_of, optimizer, update, question)


chosen = None


def prepare(question):
    global chosen
    weights = load_file(question["weights"])
    forms = {"sdpa": {"attention": "sdpa"}, "explicit attention": {"attention": "explicit"}}
    if COMPILED:
        forms["explicit attention, compiled AdamW"] = {"attention": "explicit", "compile_optimizer": True}
    if not question["tryVariants"]:
        forms = {"sdpa": forms["sdpa"]}
    variants = {name: make_step(weights, question, **form) for name, form in forms.items()}
    losses = {name: [step() for _ in range(LOSSES)] for name, step in variants.items()}
    best, tried = fastest(variants)
    chosen = variants[best]
    return {
        "losses": losses[best],
        "lossesByForm": losses,
        "form": f"{best}, {'compiled AdamW' if 'compiled' in best else 'AdamW(fused=True)'}",
        "tried": tried,
        "threads": torch.get_num_threads(),
        "version": f"PyTorch {torch.__version__}",
    }


def matmul(question):
    """GFLOP/s of the fastest of `repeats` float32 products of two square matrices."""
    a = torch.rand(question["size"], question["size"])
    b = torch.rand(question["size"], question["size"])
    out = torch.empty_like(a)
    best = min(time_steps(lambda: torch.mm(a, b, out=out), question["repeats"]))
    return {"gflops": 2 * question["size"] ** 3 / best / 1e6}


answer_lines({
    "prepare": prepare,
    "run": lambda question: {"ms": time_steps(chosen, question["steps"])},
    "matmul": matmul,
})
