"""Learning which mouth goes with which sound: kernel ridge regression from speech features to mouth codes.

A minute of footage is some 1,500 examples, too few for a network to learn from without overfitting within seconds. Kernel
ridge regression has a closed form, two knobs, and tells honestly, by leaving out blocks of time, how well it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.linalg import solve

from understudy_workers.models.hearing import WINDOW, smooth

MOST_EXAMPLES: Final = 2000
_BLOCKS: Final = 6
_KEPT: Final = 128
_FLATTENING: Final = 0.25
_REACHES: Final = (0.35, 0.6)
_RIDGES: Final = (0.05, 0.15)
_SURE_RIDGE: Final = 1e-4
"""Of the one example that is known rather than seen."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Listener:
    """codes = exp(-|z - centres|^2 / reach) @ weights + offset, where z = (windows - mean) @ squeeze."""

    mean: Doubles
    squeeze: Doubles
    centres: Doubles
    reach: float
    weights: Doubles
    offset: Doubles

    def codes(self, windows: Floats) -> Floats:
        """Mouth codes [n, k] for sound windows [n, WINDOW], not yet smoothed in time."""
        kernel = _kernel((windows - self.mean) @ self.squeeze, self.centres, self.reach)
        return np.asarray(kernel @ self.weights + self.offset, np.float32)


@dataclass(frozen=True)
class Heard:
    """A fitted listener, and `honest`: codes [n, k] each predicted, smoothed, by fits that left its block of time out."""

    listener: Listener
    honest: Floats
    explained: float


def learn_listener(
    windows: Floats, codes: Floats, importance: Floats, gap_frames: int, silence: tuple[Floats, Floats]
) -> Heard:
    """Fits sound windows [n, WINDOW] to codes [n, k], rows in order of time; `importance` [k] weighs the codes' errors.

    `silence` are the window [WINDOW] and code [k] of a mouth at rest: the fit nearly passes through that point, since a
    recording is never as silent as the pauses of a synthesised voice.

    Reach and ridge are those that predict best on left-out blocks, `gap_frames` around which are left out too.
    """
    mean, squeeze = _squeezing(windows.astype(np.float64))
    points = (windows - mean) @ squeeze
    offset = codes.mean(0).astype(np.float64)
    wanted = codes - offset
    typical = _squares(points[:: max(len(points) // 400, 1)], points[:: max(len(points) // 400, 1)])
    scale = float(np.median(typical[typical > 1e-9]))
    tried = []
    for reach in _REACHES:
        kernel = np.exp(-_squares(points, points) / (reach * scale))
        for ridge in _RIDGES:
            honest = _honest(kernel, wanted, ridge, gap_frames)
            tried.append((float((((honest - wanted) ** 2) @ importance).mean()), reach, ridge, honest))
    error, reach, ridge, honest = min(tried, key=lambda entry: entry[0])
    chosen = _spread(len(points))
    centres = np.concatenate([points[chosen], ((silence[0] - mean) @ squeeze)[None]])
    targets = np.concatenate([wanted[chosen], (silence[1] - offset)[None]])
    ridges = np.append(np.full(len(chosen), ridge), _SURE_RIDGE)
    kernel = np.exp(-_squares(centres, centres) / (reach * scale))
    weights = solve(kernel + np.diag(ridges), targets, assume_a="pos")
    listener = Listener(mean, squeeze, centres, reach * scale, weights, offset)
    explained = 1 - error / max(float((wanted**2 @ importance).mean()), 1e-9)
    return Heard(listener, (honest + offset).astype(np.float32), explained)


def _honest(kernel: Doubles, wanted: Doubles, ridge: float, gap: int) -> Doubles:
    """Every row's prediction from a fit that knows nothing of its block, smoothed as at run time."""
    result = np.empty_like(wanted)
    edges = np.linspace(0, len(wanted), _BLOCKS + 1).astype(int)
    for start, end in pairwise(edges):
        rows = np.arange(len(wanted))
        known = rows[(rows < start - gap) | (rows >= end + gap)]
        known = known[_spread(len(known))]
        # Single precision is plenty beside a ridge of a twentieth, and twice as quick.
        system = (kernel[np.ix_(known, known)] + ridge * np.eye(len(known))).astype(np.float32)
        weights = solve(system, wanted[known].astype(np.float32), assume_a="pos", overwrite_a=True)
        result[start:end] = smooth(kernel[start:end][:, known].astype(np.float32) @ weights)
    return result


def _spread(count: int) -> npt.NDArray[np.int64]:
    """At most `MOST_EXAMPLES` row numbers, evenly spread: the kernel matrix grows with their square."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_EXAMPLES)).astype(np.int64))


def _squeezing(windows: Doubles) -> tuple[Doubles, Doubles]:
    """Mean and the principal directions of the windows, the lesser ones not blown up."""
    mean = windows.mean(0)
    values, vectors = np.linalg.eigh(np.cov((windows - mean).T))
    kept = np.argsort(values)[::-1][:_KEPT]
    return mean, vectors[:, kept] / (np.maximum(values[kept], 1e-9) ** _FLATTENING)


def _squares(a: Doubles, b: Doubles) -> Doubles:
    return np.asarray(np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0))


def _kernel(a: Doubles, b: Doubles, reach: float) -> Doubles:
    return np.asarray(np.exp(-_squares(a, b) / reach))


def export_listener(listener: Listener) -> bytes:
    """The listener as ONNX: `windows` float [n, WINDOW] -> `codes` float [n, k]."""
    squared = (listener.centres**2).sum(1)[None]
    values = {
        "mean": listener.mean,
        "squeeze": listener.squeeze,
        "twice_centres": -2 * listener.centres.T,
        "squared": squared,
        "slope": np.array(-1 / listener.reach),
        "weights": listener.weights,
        "offset": listener.offset,
    }
    weights = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
    steps: list[tuple[str, list[str], str]] = [
        ("Sub", ["windows", "mean"], "centred"),
        ("MatMul", ["centred", "squeeze"], "points"),
        ("MatMul", ["points", "twice_centres"], "cross"),
        ("Mul", ["points", "points"], "own"),
        ("ReduceSum", ["own", "axis"], "length"),
        ("Add", ["cross", "length"], "partly"),
        ("Add", ["partly", "squared"], "distance"),
        ("Relu", ["distance"], "positive"),
        ("Mul", ["positive", "slope"], "exponent"),
        ("Exp", ["exponent"], "kernel"),
        ("MatMul", ["kernel", "weights"], "deviation"),
        ("Add", ["deviation", "offset"], "codes"),
    ]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    nodes: list[Any] = [helper.make_node(op, inputs, [output]) for op, inputs, output in steps]
    graph = helper.make_graph(
        nodes,
        "listener",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["frames", WINDOW])],
        [helper.make_tensor_value_info("codes", TensorProto.FLOAT, ["frames", listener.weights.shape[1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
