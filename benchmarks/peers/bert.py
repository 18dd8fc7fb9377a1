"""PyTorch's side of the latency of encoders: BERT and EfficientBERT from a folder that saveModel wrote, eager, no gradients."""

import json
import os
import re

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from protocol import answer_lines, time_steps

torch.set_num_threads(os.cpu_count())

FILL = {"add": 0.0, "mul": 1.0, "max": -1e-10}  # of the shorter argument, under the width rule max
COMBINE = {"add": torch.add, "mul": torch.mul, "max": torch.maximum}
ACTIVATIONS = {
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "swish": F.silu,
}


def combination(name, rule):
    def combine(a, b):
        if a.shape[-1] != b.shape[-1]:
            width = (min if rule == "min" else max)(a.shape[-1], b.shape[-1])
            a, b = (F.pad(t, (0, width - t.shape[-1]), value=FILL[name]) for t in (a, b))
        return COMBINE[name](a, b)

    return combine


class Encoder:
    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        self.weights = load_file(os.path.join(folder, "model.safetensors"))
        names = {**ACTIVATIONS, **{name: combination(name, self.config["ffn_width_rule"]) for name in FILL}}
        self.layers = []
        for expression in self.config["ffn_expressions"]:
            linears = set(re.findall(r"linear\d_\d", expression))
            stacked = int(re.search(r"linear(\d)_", expression)[1])
            scope = {**names, **{name: lambda x, wb: F.linear(x, *wb) for name in linears}}
            # The expression is Python as it stands.
            self.layers.append((eval(f"lambda x, wb1, wb2: {expression}", scope), stacked))
        # One product for queries, keys and values, as ours has.
        for layer in range(len(self.layers)):
            for kind in ("weight", "bias"):
                parts = [
                    self.weights.pop(f"encoder.layer.{layer}.attention.self.{part}.{kind}") for part in ("query", "key", "value")
                ]
                self.weights[f"encoder.layer.{layer}.attention.self.{kind}"] = torch.cat(parts)

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        gain, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return F.layer_norm(x, gain.shape, gain, bias, self.config["layer_norm_eps"])

    def embed(self, tokens):
        x = F.embedding(tokens, self.weights["embeddings.word_embeddings.weight"])
        if "embeddings.embedding_transformation.weight" in self.weights:
            after = F.pad(x[:, 1:], (0, 0, 0, 1))
            before = F.pad(x[:, :-1], (0, 0, 1, 0))
            x = self.linear(torch.cat((after, x, before), dim=-1), "embeddings.embedding_transformation")
        positions = self.weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        segment = self.weights["embeddings.token_type_embeddings.weight"][0]
        return self.norm(x + segment + positions, "embeddings.LayerNorm")

    def __call__(self, tokens):
        x = self.embed(tokens)
        batch, length, width = x.shape
        heads = self.config["num_attention_heads"]
        for layer, (network, stacked) in enumerate(self.layers):
            name = f"encoder.layer.{layer}"
            projected = self.linear(x, f"{name}.attention.self")
            q, k, v = projected.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
            x = self.norm(x + self.linear(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
            for ffn in range(stacked):
                part = f"{name}.ffn.{ffn}"
                expand, contract = (
                    (self.weights[f"{part}.{which}.dense.weight"], self.weights[f"{part}.{which}.dense.bias"])
                    for which in ("intermediate", "output")
                )
                x = self.norm(x + network(x, expand, contract), f"{part}.output.LayerNorm")
        return x


models, steps = {}, {}


def load(question):
    models[question["model"]] = Encoder(question["folder"])
    return {"version": f"PyTorch {torch.__version__}, eager, scaled_dot_product_attention"}


def prepare(question):
    encoder = models[question["model"]]
    tokens = torch.tensor(question["tokens"]).view(question["batch"], -1)

    @torch.inference_mode()
    def step():
        return encoder(tokens)[:, 0].flatten().numpy()

    steps[question["model"]] = step
    for _ in range(2):
        step()
    return {"states": step().tolist()}


answer_lines({
    "load": load,
    "prepare": prepare,
    "run": lambda question: {"ms": time_steps(steps[question["model"]], question["steps"])},
})
