"""Fitting the face network to a capture's mouth squares within a budget of seconds."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from understudy_workers.models.geometry import mask
from understudy_workers.training.network import Deployed, FaceNet, Shape, design, unit

BATCH: Final = 8
_LEARNING_RATE: Final = 2e-3
_TRUE_SHARE: Final = 0.5
_EMA: Final = 0.99

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Examples:
    """What the network learns from, rows over the training frames.

    `squares` uint8 [n, side, side, 3]; `quiet` [n] indexes `quiet_squares`; `poses` [n, p]; `codes` [n, k] seen in the
    pixels and `heard` [n, k] told from the sound without having learnt that stretch; `talking` [side, side], mean 1,
    where talking moves pixels.
    """

    squares: Rgb
    quiet: npt.NDArray[np.int64]
    quiet_squares: Rgb
    poses: Floats
    codes: Floats
    heard: Floats
    talking: Floats


@dataclass(frozen=True)
class Fitted:
    """A trained network, how many steps it took and its last mean loss."""

    net: FaceNet
    steps: int
    loss: float


def fit_face(examples: Examples, seconds: float, seed: int, progress: Progress) -> Fitted:
    """Trains for `seconds` of processor time of this process, and at most three times that by the clock.

    Half of each batch is painted from codes seen in the pixels, which keeps lips and teeth sharp, half from codes heard
    in the sound, which teaches what hearing gets wrong.
    """
    torch.manual_seed(seed)
    net = _prepared(examples)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_EMA))
    trained = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=_LEARNING_RATE, weight_decay=1e-2)
    weight = torch.from_numpy(examples.talking)
    rng = np.random.default_rng(seed)
    started, clock = time.process_time(), time.monotonic()
    steps, losses = 0, [1.0]
    while True:
        share = max((time.process_time() - started) / seconds, (time.monotonic() - clock) / (3 * seconds))
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, (steps + 1) / 30) * min(1.0, 2.2 * (1 - share) + 0.02)
        loss = _loss(net, *_batch(examples, rng), weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update_parameters(net)
        losses.append(loss.item())
        steps += 1
        if steps % 10 == 0:
            progress(share, f"painting: step {steps}, loss {np.mean(losses[-50:]):.4f}")
    final: FaceNet = average.module
    torch.optim.swa_utils.update_bn(_bn_batches(examples, rng), _Unpacked(final))
    return Fitted(final.eval(), steps, float(np.mean(losses[-100:])))


class _Unpacked(torch.nn.Module):
    """Lets torch re-estimate batch statistics on inputs that are tuples."""

    def __init__(self, net: FaceNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Runs the network on one tuple of its inputs."""
        return self.net(*inputs)  # type: ignore[no-any-return]


def _bn_batches(examples: Examples, rng: np.random.Generator) -> list[list[tuple[torch.Tensor, ...]]]:
    return [[_batch(examples, rng)[0]] for _ in range(24)]


def _prepared(examples: Examples) -> FaceNet:
    """A network whose linear half is solved and whose other half is new."""
    side = examples.squares.shape[1]
    shape = Shape(side, examples.codes.shape[1], examples.poses.shape[1])
    net = FaceNet(shape, torch.from_numpy(mask(side)))
    rows = [
        design(torch.from_numpy(examples.poses), torch.from_numpy(codes)).double()
        for codes in (examples.codes, examples.heard)
    ]
    known = torch.cat(rows)
    gram = known.T @ known + 1e-2 * torch.eye(known.shape[1])
    # Pixels are summed in chunks: all training squares as floats would take gigabytes.
    products = torch.zeros(known.shape[1], 3 * side * side, dtype=torch.float64)
    both = rows[0] + rows[1]
    for start in range(0, len(both), 200):
        pixels = unit(torch.from_numpy(examples.squares[start : start + 200])).reshape(-1, 3 * side * side)
        products += both[start : start + 200].T @ pixels.double()
    net.linear.weight.copy_(torch.linalg.solve(gram, products).float())
    return net


def _batch(examples: Examples, rng: np.random.Generator) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    rows = rng.integers(0, len(examples.squares), BATCH)
    true = rng.random(BATCH) < _TRUE_SHARE
    codes = np.where(true[:, None], examples.codes[rows], examples.heard[rows])
    squares = unit(torch.from_numpy(examples.squares[rows]))
    quiet = unit(torch.from_numpy(examples.quiet_squares[examples.quiet[rows]]))
    inputs = (squares, quiet, torch.from_numpy(examples.poses[rows]), torch.from_numpy(codes))
    return inputs, squares


def _loss(net: FaceNet, inputs: tuple[torch.Tensor, ...], truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    painted = net(*inputs)
    error = painted - truth
    across = (error[..., :, 1:] - error[..., :, :-1]).abs() * weight[:, 1:]
    down = (error[..., 1:, :] - error[..., :-1, :]).abs() * weight[1:, :]
    return (error.abs() * weight).mean() + across.mean() + down.mean()


def export_face(net: FaceNet) -> bytes:
    """The network as ONNX: see `network.Deployed`; the batch size is free."""
    side, shape = net.shape.side, net.shape
    names = ["plate", "quiet", "pose", "code"]
    picture = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    inputs: Any = (picture, picture.clone(), torch.zeros(2, shape.poses), torch.zeros(2, shape.codes))
    target = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter without TorchDynamo is the quick one; it says that it is old.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Deployed(net).eval(),
            inputs,
            target,
            dynamo=False,
            input_names=names,
            output_names=["picture"],
            dynamic_axes={name: {0: "n"} for name in [*names, "picture"]},
            opset_version=17,
        )
    return target.getvalue()


def smoothed(talking: npt.NDArray[np.float64], side: int) -> Floats:
    """Loss weights from a map of what moves: never less than a fifth of the mean, mean 1, [side, side]."""
    tensor = torch.from_numpy(np.maximum(talking, 0))[None, None].float()
    large = functional.interpolate(tensor, (side, side), mode="bilinear")[0, 0].numpy()
    large = large / max(float(large.mean()), 1e-9) + 0.25
    return np.asarray(large * mask(side) / (large * mask(side)).mean(), np.float32)
