"""The language model of src/nn/language-model.ts in PyTorch, by the names that its weights have there."""

import torch
import torch.nn.functional as F


class LanguageModel:
    """Decoder-only pre-norm Transformer with its head tied to the embedding; `attention` is "sdpa" or "explicit"."""

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

    def process(self, scores, name):
        """What a position encoding makes of the scores [B, H, T, T], if attention is explicit."""
        return scores

    def attend(self, x, name):
        batch, length, width = x.shape
        heads = self.size["heads"]
        split = self.linear(x, name + ".queryKeyValue").view(batch, length, 3, heads, width // heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, H, T, D/H]
        if self.attention == "sdpa":
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            scores = self.process(query @ key.transpose(-2, -1) * (width // heads) ** -0.5, name + ".scores")
            mixed = F.softmax(scores + self.mask, dim=-1) @ value
        return self.linear(mixed.transpose(1, 2).reshape(batch, length, width), name + ".output")

    def loss(self, tokens, targets):
        table = self.parameters["tokens.weight"]
        x = F.embedding(tokens, table)
        if "positions.weight" in self.parameters:
            x = x + self.parameters["positions.weight"]
        for index in range(self.size["layers"]):
            block = f"blocks.{index}"
            x = x + self.attend(self.layer_norm(x, block + ".attentionNorm"), block + ".attention")
            hidden = F.gelu(self.linear(self.layer_norm(x, block + ".mlpNorm"), block + ".mlp.expand"))
            x = x + self.linear(hidden, block + ".mlp.contract")
        logits = F.linear(self.layer_norm(x, "finalNorm"), table)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def adamw(model, question, **form):
    """torch.optim.AdamW with decay on matrices alone."""
    parameters, options = model.parameters.values(), question["optimizer"]
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options["weightDecay"]},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=options["learningRate"],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
        **form,
    )


def training_step(loss_of, optimizer, update, question):
    """A function without arguments: one step on the next of the windows of tokens, returning its loss."""
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
