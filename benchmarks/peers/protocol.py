"""The child's half of src/experiment/line-process.ts: one JSON object a line, question and answer."""

import json
import os
import signal
import sys
import time
import traceback


def answer_lines(answerers):
    """Answers each line of stdin with the function that its "command" names, until stdin ends."""
    # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"result": answerers[question["command"]](question)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


def time_steps(step, steps):
    """Milliseconds of each of `steps` calls after an untimed one. A call returns when its results are there."""
    step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def fastest(variants, trial_steps=3):
    """Times each prepared step; returns the name of the fastest and the median of each in ms."""
    tried = {name: sorted(time_steps(step, trial_steps))[trial_steps // 2] for name, step in variants.items()}
    return min(tried, key=tried.get), tried
