"""JAX's side of `run training-step`: the same language model, weights and tokens, one jitted function with donated
buffers for loss, gradients and AdamW. Two forms of attention are tried and the faster one is timed.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file

from protocol import answer_lines, fastest, time_steps

LOSSES = 5


def make_step(weights, question, attention):
    size, options = question["size"], question["optimizer"]
    heads, length = size["heads"], size["sequence"]
    mask = np.triu(np.full((length, length), -np.inf, np.float32), 1)

    def linear(weights, x, name):
        return x @ weights[name + ".weight"] + weights[name + ".bias"]

    def layer_norm(weights, x, name):
        centred = x - x.mean(-1, keepdims=True)
        scale = jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + size["epsilon"])
        return centred * scale * weights[name + ".gain"] + weights[name + ".bias"]

    def attend(weights, x, name):
        batch, _, width = x.shape
        split = linear(weights, x, name + ".queryKeyValue").reshape(batch, length, 3, heads, width // heads)
        query, key, value = split[:, :, 0], split[:, :, 1], split[:, :, 2]  # each [B, T, H, D/H]
        if attention == "dot_product_attention":
            mixed = jax.nn.dot_product_attention(query, key, value, is_causal=True)
        else:
            query, key, value = (part.transpose(0, 2, 1, 3) for part in (query, key, value))
            scores = query @ key.transpose(0, 1, 3, 2) * (width // heads) ** -0.5 + mask
            mixed = (jax.nn.softmax(scores, axis=-1) @ value).transpose(0, 2, 1, 3)
        return linear(weights, mixed.reshape(batch, length, width), name + ".output")

    def loss_of(weights, tokens, targets):
        x = weights["tokens.weight"][tokens] + weights["positions.weight"]
        for index in range(size["layers"]):
            block = f"blocks.{index}"
            x = x + attend(weights, layer_norm(weights, x, block + ".attentionNorm"), block + ".attention")
            hidden = linear(weights, layer_norm(weights, x, block + ".mlpNorm"), block + ".mlp.expand")
            x = x + linear(weights, jax.nn.gelu(hidden, approximate=False), block + ".mlp.contract")
        logits = jax.nn.log_softmax(layer_norm(weights, x, "finalNorm") @ weights["tokens.weight"].T, axis=-1)
        return -jnp.take_along_axis(logits, targets[..., None], axis=-1).mean()

    beta1, beta2 = options["beta1"], options["beta2"]

    def update(state, tokens, targets):
        weights, first, second, count = state
        loss, gradients = jax.value_and_grad(loss_of)(weights, tokens, targets)
        count = count + 1
        first = {name: beta1 * first[name] + (1 - beta1) * gradients[name] for name in weights}
        second = {name: beta2 * second[name] + (1 - beta2) * gradients[name] ** 2 for name in weights}
        correction1, correction2 = 1 - beta1**count, jnp.sqrt(1 - beta2**count)
        rate = options["learningRate"]

        def move(name):
            decay = options["weightDecay"] if weights[name].ndim >= 2 else 0.0
            direction = (first[name] / correction1) / (jnp.sqrt(second[name]) / correction2 + options["epsilon"])
            return weights[name] * (1 - rate * decay) - rate * direction

        return ({name: move(name) for name in weights}, first, second, count), loss

    jitted = jax.jit(update, donate_argnums=0)
    zeros = lambda: {name: jnp.zeros_like(weight) for name, weight in weights.items()}
    state = ({name: jnp.array(weight) for name, weight in weights.items()}, zeros(), zeros(), jnp.float32(0))
    windows = [np.array(window, np.int32) for window in question["windows"]]
    batches = [(jnp.array(window[:, :-1]), jnp.array(window[:, 1:])) for window in windows]
    turn = 0

    def step():
        nonlocal state, turn
        tokens, targets = batches[turn % len(batches)]
        turn += 1
        state, loss = jitted(state, tokens, targets)
        jax.block_until_ready(state)
        return float(loss)

    return step


chosen = None


def prepare(question):
    global chosen
    weights = load_file(question["weights"])
    forms = ["explicit attention", "dot_product_attention"] if question["tryVariants"] else ["explicit attention"]
    variants = {form: make_step(weights, question, form) for form in forms}
    losses = {name: [step() for _ in range(LOSSES)] for name, step in variants.items()}
    best, tried = fastest(variants)
    chosen = variants[best]
    return {
        "losses": losses[best],
        "lossesByForm": losses,
        "form": f"jit with donated buffers, {best}",
        "tried": tried,
        "threads": os.cpu_count(),
        "version": f"JAX {jax.__version__}",
    }


def matmul(question):
    """GFLOP/s of the fastest of `repeats` float32 products of two square matrices."""
    shape = (question["size"], question["size"])
    a, b = jax.random.uniform(jax.random.key(0), shape), jax.random.uniform(jax.random.key(1), shape)
    product = jax.jit(jnp.matmul)
    best = min(time_steps(lambda: product(a, b).block_until_ready(), question["repeats"]))
    return {"gflops": 2 * question["size"] ** 3 / best / 1e6}


answer_lines({
    "prepare": prepare,
    "run": lambda question: {"ms": time_steps(chosen, question["steps"])},
    "matmul": matmul,
})
