"""PyTorch's side of `run efficient-bert-fine-tuning`: the same BERT, first weights and batches, eager, dropout on.

AdamW is torch.optim.AdamW(fused=True), clipping torch.nn.utils.clip_grad_norm_. For timing both forms of attention are tried and
the faster one is taken.
"""

import os

import torch
import torch.nn.functional as F

from protocol import answer_lines, fastest, time_steps
from torch_bert import BertClassifier

torch.set_num_threads(os.cpu_count())


def unpack(batch):
    """[B, 3L]: tokens, segments and padding side by side; [B] classes."""
    tokens, segments, padding = torch.tensor(batch["inputs"]).chunk(3, dim=1)
    return tokens.contiguous(), segments.contiguous(), padding.float(), torch.tensor(batch["targets"]).flatten()


class Training:
    def __init__(self, question, attention):
        self.model = BertClassifier(question["folder"], attention)
        self.recipe = question["recipe"]
        parameters = list(self.model.parameters.values())
        self.parameters, options = parameters, self.recipe
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options["weightDecay"]},
                {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
            ],
            lr=options["learningRate"],
            betas=(0.9, 0.999),
            eps=1e-8,
            fused=True,
        )
        self.done = 0

    def rate(self):
        """src/training/schedules.ts, linear."""
        peak, warmup, total = (self.recipe[name] for name in ("learningRate", "warmup", "steps"))
        if self.done < warmup:
            return peak * (self.done + 1) / warmup
        return 0.0 if self.done >= total else peak * (total - self.done) / (total - warmup)

    def step(self, batch, training=True):
        tokens, segments, padding, targets = batch
        loss = F.cross_entropy(self.model.logits(tokens, segments, padding, training), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.recipe["clipNorm"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.done += 1
        return loss.item()


training, timed = None, None


def prepare_timing(question):
    global timed
    batches = [unpack(batch) for batch in question["batches"]]
    names = ("sdpa", "explicit") if question["tryVariants"] else ("sdpa",)
    variants, losses = {}, {}
    for name in names:
        # Without dropout, whose masks are others here: that the work is the same.
        plain = Training(question, name)
        losses[name] = [plain.step(batch, False) for batch in batches[: question["comparedLosses"]]]
        variants[name] = repeated(Training(question, name), batches)
    best, tried = fastest(variants)
    timed = variants[best]
    return {
        "losses": losses[best],
        "form": f"{best} attention, AdamW(fused=True)",
        "tried": tried,
        "version": f"PyTorch {torch.__version__}",
        "threads": torch.get_num_threads(),
    }


def repeated(own, batches):
    return lambda: own.step(batches[own.done % len(batches)])


def start(question):
    global training
    torch.manual_seed(question["seed"])
    training = Training(question, "sdpa")
    checkpoint = question["checkpoint"]
    if os.path.exists(checkpoint):
        stored = torch.load(checkpoint)
        with torch.no_grad():
            for name, values in stored["parameters"].items():
                training.model.parameters[name].copy_(values)
        training.optimizer.load_state_dict(stored["optimizer"])
        training.done = stored["done"]
        torch.set_rng_state(stored["random"])
    return {"done": training.done, "version": f"PyTorch {torch.__version__}"}


def save(question):
    """Whole or not at all."""
    checkpoint = question["checkpoint"]
    torch.save(
        {
            "parameters": training.model.parameters,
            "optimizer": training.optimizer.state_dict(),
            "done": training.done,
            "random": torch.get_rng_state(),
        },
        checkpoint + ".new",
    )
    os.replace(checkpoint + ".new", checkpoint)
    return {"done": training.done}


@torch.inference_mode()
def predict(question):
    tokens, segments, padding, _ = unpack(question["batch"])
    return {"logits": training.model.logits(tokens, segments, padding, False).tolist()}


answer_lines({
    "prepareTiming": prepare_timing,
    "run": lambda question: {"ms": time_steps(timed, question["steps"])},
    "start": start,
    "train": lambda question: {"losses": [training.step(unpack(batch)) for batch in question["batches"]]},
    "predict": predict,
    "save": save,
})
