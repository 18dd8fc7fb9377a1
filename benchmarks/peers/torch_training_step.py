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
    """Decoder-only pre-norm Transformer as src/nn/language-model.ts has it: names of the weights are its own."""

    def __init__(self, weights, question, attention):
        self.size, self.attention = question["size"], attention
        self.parameters = {}
        for name, tensor in weights.items():
            # Ours is [in, out], F.linear wants [out, in]; embeddings are [rows, D] in both.
            kernel = tensor.ndim == 2 and name.startswith("blocks.")
            own = (tensor.T if kernel else tensor).clone(memory_format=torch.contiguous_format)
            self.parameters[name] = own.requires_grad_()
        self.mask = torch.full((self.size["sequence"],) * 2, float("-inf")).triu(1)

    def linear(self, x, name):
        return F.linear(x, self.parameters[name + ".weight"], self.parameters[name + ".bias"])

    def layer_norm(self, x, name):
        gain, bias = self.parameters[name + ".gain"], self.parameters[name + ".bias"]
        return F.layer_norm(x, x.shape[-1:], gain, bias, self.size["epsilon"])

    def attend(self, x, name):
        batch, length, width = x.shape
        heads = self.size["heads"]
        split = self.linear(x, name + ".queryKeyValue").view(batch, length, 3, heads, width // heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, H, T, D/H]
        if self.attention == "sdpa":
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            scores = query @ key.transpose(-2, -1) * (width // heads) ** -0.5 + self.mask
            mixed = F.softmax(scores, dim=-1) @ value
        return self.linear(mixed.transpose(1, 2).reshape(batch, length, width), name + ".output")

    def loss(self, tokens, targets):
        table = self.parameters["tokens.weight"]
        x = F.embedding(tokens, table) + self.parameters["positions.weight"]
        for index in range(self.size["layers"]):
            block = f"blocks.{index}"
            x = x + self.attend(self.layer_norm(x, block + ".attentionNorm"), block + ".attention")
            hidden = F.gelu(self.linear(self.layer_norm(x, block + ".mlpNorm"), block + ".mlp.expand"))
            x = x + self.linear(hidden, block + ".mlp.contract")
        logits = F.linear(self.layer_norm(x, "finalNorm"), table)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def make_step(weights, question, attention, compile_optimizer=False):
    model = Model(weights, question, attention)
    parameters, options = model.parameters.values(), question["optimizer"]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options["weightDecay"]},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
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
