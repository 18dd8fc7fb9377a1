"""BERT with a head for classes in PyTorch, from a folder in Hugging Face's layout; src/bert/ is the same in TensorFlow.js."""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

PADDING_SCORE = -10_000.0  # src/nn/encoder/padding-bias.ts
ACTIVATIONS = {"gelu": F.gelu, "gelu_new": lambda x: F.gelu(x, approximate="tanh"), "relu": F.relu}


class BertClassifier:
    """`attention` is "sdpa" or "explicit". One product for queries, keys and values, as ours has."""

    def __init__(self, folder, attention):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        self.attention = attention
        stored = load_file(os.path.join(folder, "model.safetensors"))
        weights = {name.removeprefix("bert."): tensor for name, tensor in stored.items()}
        for layer in range(self.config["num_hidden_layers"]):
            part = f"encoder.layer.{layer}.attention.self"
            for kind in ("weight", "bias"):
                split = [weights.pop(f"{part}.{which}.{kind}") for which in ("query", "key", "value")]
                weights[f"{part}.{kind}"] = torch.cat(split)
        self.parameters = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}

    def linear(self, x, name):
        return F.linear(x, self.parameters[name + ".weight"], self.parameters[name + ".bias"])

    def norm(self, x, name):
        gain, bias = self.parameters[name + ".weight"], self.parameters[name + ".bias"]
        return F.layer_norm(x, gain.shape, gain, bias, self.config["layer_norm_eps"])

    def dropout(self, x, training):
        return F.dropout(x, self.config["hidden_dropout_prob"], training)

    def embed(self, tokens, segments, training):
        table = self.parameters["embeddings.word_embeddings.weight"]
        x = F.embedding(tokens, table, padding_idx=self.config["pad_token_id"])
        x = x + F.embedding(segments, self.parameters["embeddings.token_type_embeddings.weight"])
        x = x + self.parameters["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        return self.dropout(self.norm(x, "embeddings.LayerNorm"), training)

    def attend(self, x, bias, name, training):
        batch, length, width = x.shape
        heads, rate = self.config["num_attention_heads"], self.config["attention_probs_dropout_prob"]
        split = self.linear(x, f"{name}.self").view(batch, length, 3, heads, width // heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, H, T, D/H]
        if self.attention == "sdpa":
            rate = rate if training else 0.0
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=rate)
        else:
            scores = query @ key.transpose(-2, -1) * (width // heads) ** -0.5 + bias
            mixed = F.dropout(F.softmax(scores, dim=-1), rate, training) @ value
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        return self.dropout(self.linear(mixed, f"{name}.output.dense"), training)

    def logits(self, tokens, segments, padding, training):
        activation = ACTIVATIONS[self.config["hidden_act"]]
        bias = (padding * PADDING_SCORE)[:, None, None, :]  # [B, 1, 1, T]
        x = self.embed(tokens, segments, training)
        for layer in range(self.config["num_hidden_layers"]):
            part = f"encoder.layer.{layer}"
            attended = self.attend(x, bias, f"{part}.attention", training)
            x = self.norm(x + attended, f"{part}.attention.output.LayerNorm")
            hidden = activation(self.linear(x, f"{part}.intermediate.dense"))
            branch = self.dropout(self.linear(hidden, f"{part}.output.dense"), training)
            x = self.norm(x + branch, f"{part}.output.LayerNorm")
        pooled = self.dropout(torch.tanh(self.linear(x[:, 0], "pooler.dense")), training)
        return self.linear(pooled, "classifier")
