"""PyTorch's side of `run training-step`: the same language model, weights and tokens, eager or compiled.

Several plain forms of the same step are tried and the fastest one is timed. AdamW is torch.optim.AdamW(fused=True).
"""

import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from protocol import answer_lines, fastest, time_steps

torch.set_num_threads(os.cpu_count())
COMPILED = sys.argv[1:] == ["compiled"]
LOSSES = 5


class Model:
    """Decoder-only pre-norm Transformer; query, key and value are one product, as nanoGPT has it."""

    def __init__(self, weights, question, attention):
        self.size, self.attention = question["size"], attention
        self.epsilon, self.gelu = question["epsilon"], question["gelu"]
        decaying = set(question["decay"])
        self.decay, self.no_decay = [], []

        def parameter(tensor, name):
            leaf = tensor.clone(memory_format=torch.contiguous_format).requires_grad_()
            (self.decay if name in decaying else self.no_decay).append(leaf)
            return leaf

        def linear(*names):  # ours is [in, out], F.linear wants [out, in]
            weight = torch.cat([weights[name + ".weight"] for name in names], dim=1).T
            bias = torch.cat([weights[name + ".bias"] for name in names])
            return parameter(weight, names[0] + ".weight"), parameter(bias, names[0] + ".bias")

        def norm(name):
            return parameter(weights[name + ".gain"], name + ".gain"), parameter(weights[name + ".bias"], name + ".bias")

        self.tokens = parameter(weights["tokens"], "tokens")
        self.positions = parameter(weights["positions"], "positions")
        self.blocks = [
            {
                "norm1": norm(f"blocks.{index}.norm1"),
                "qkv": linear(*(f"blocks.{index}.attention.{name}" for name in ("query", "key", "value"))),
                "output": linear(f"blocks.{index}.attention.output"),
                "norm2": norm(f"blocks.{index}.norm2"),
                "up": linear(f"blocks.{index}.mlp.up"),
                "down": linear(f"blocks.{index}.mlp.down"),
            }
            for index in range(self.size["layers"])
        ]
        self.norm = norm("norm")
        self.head = parameter(weights["head"].T, "head") if "head" in weights else self.tokens
        self.mask = torch.full((self.size["sequence"],) * 2, float("-inf")).triu(1)

    def layer_norm(self, x, parameters):
        return F.layer_norm(x, x.shape[-1:], *parameters, self.epsilon)

    def attend(self, x, block):
        batch, length, width = x.shape
        heads = self.size["heads"]
        split = F.linear(x, *block["qkv"]).view(batch, length, 3, heads, width // heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, H, T, D/H]
        if self.attention == "sdpa":
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            scores = query @ key.transpose(-2, -1) * (width // heads) ** -0.5 + self.mask
            mixed = F.softmax(scores, dim=-1) @ value
        return F.linear(mixed.transpose(1, 2).reshape(batch, length, width), *block["output"])

    def loss(self, tokens, targets):
        x = F.embedding(tokens, self.tokens) + self.positions
        for block in self.blocks:
            x = x + self.attend(self.layer_norm(x, block["norm1"]), block)
            hidden = F.gelu(F.linear(self.layer_norm(x, block["norm2"]), *block["up"]), approximate=self.gelu)
            x = x + F.linear(hidden, *block["down"])
        logits = F.linear(self.layer_norm(x, self.norm), self.head)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def make_step(weights, question, attention, compile_optimizer=False):
    model = Model(weights, question, attention)
    options = question["optimizer"]
    optimizer = torch.optim.AdamW(
        [
            {"params": model.decay, "weight_decay": options["weightDecay"]},
            {"params": model.no_decay, "weight_decay": 0.0},
        ],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        fused=not compile_optimizer,
    )
    loss_of, update = model.loss, optimizer.step
    if COMPILED:
        loss_of = torch.compile(model.loss)
        if compile_optimizer:
            update = torch.compile(optimizer.step)
    batches = [
        (torch.tensor(window)[:, :-1].contiguous(), torch.tensor(window)[:, 1:].contiguous())
        for window in question["windows"]
    ]
    count = 0

    def step():
        nonlocal count
        tokens, targets = batches[count % len(batches)]
        count += 1
        loss = loss_of(tokens, targets)
        loss.backward()
        update()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    return step


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
