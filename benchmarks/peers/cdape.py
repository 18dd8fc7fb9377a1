"""PyTorch's side of the cost of CDAPE: a training step of the language model, eager, with the authors' rule for its scores.

The rule is that of chuanyang-Zheng/DAPE@bde344a, megatron/model/positional_embeddings.py, in float32: the bias repeated for
each sequence, `tril` of scores and biases, two convolutions 1×k with a LeakyReLU between them, all added. Without CDAPE's
weights, of which the first layer tells, the bias alone is added: plain Kerple.
"""

import os
import resource

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from protocol import answer_lines, time_steps
from torch_language_model import LanguageModel, adamw, training_step

torch.set_num_threads(os.cpu_count())
LOSSES = 5
SMALLEST = 0.01  # of Kerple's p and a


class KerpleModel(LanguageModel):
    """Kerple alone, or under CDAPE."""

    def __init__(self, weights, question):
        # Ours [1, k, in, out], PyTorch's [out, in, 1, k].
        super().__init__(
            {name: w.permute(3, 2, 0, 1) if ".kernel" in name else w for name, w in weights.items()}, question, "explicit"
        )
        positions = torch.arange(question["size"]["sequence"])
        self.distances = (positions[:, None] - positions[None, :]).tril().float()
        hidden = torch.ones_like(self.distances, dtype=torch.bool).triu(1)
        self.mask = torch.zeros_like(self.distances).masked_fill(hidden, torch.finfo(torch.float32).min)

    def kerple(self, name):
        p, a = self.parameters[name + ".p"], self.parameters[name + ".a"]  # [H, 1, 1]
        p.data.clamp_(min=SMALLEST)
        a.data.clamp_(min=SMALLEST)
        return -p * torch.log(1 + a * self.distances)

    def process(self, scores, name):
        if name + ".kernel1" not in self.parameters:
            return scores + self.kerple(name)
        weight = lambda of: self.parameters[f"{name}.{of}"]
        half = weight("kernel1").shape[-1] // 2
        bias = self.kerple(name + ".bias")
        both = torch.tril(torch.cat((scores, torch.tile(bias, (scores.shape[0], 1, 1, 1))), dim=1))
        hidden = F.leaky_relu(F.conv2d(both, weight("kernel1"), weight("bias1"), padding=(0, half)))
        return scores + bias + F.conv2d(hidden, weight("kernel2"), weight("bias2"), padding=(0, half))


chosen = None


def prepare(question):
    global chosen
    model = KerpleModel(load_file(question["weights"]), question)
    optimizer = adamw(model, question, fused=True)
    chosen = training_step(model.loss, optimizer, optimizer.step, question)
    return {
        "losses": [chosen() for _ in range(LOSSES)],
        "form": "eager, AdamW(fused=True)",
        "threads": torch.get_num_threads(),
        "version": f"PyTorch {torch.__version__}",
    }


answer_lines({
    "prepare": prepare,
    "run": lambda question: {"ms": time_steps(chosen, question["steps"])},
    # Of this process, ever.
    "peak": lambda question: {"kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss},
})
