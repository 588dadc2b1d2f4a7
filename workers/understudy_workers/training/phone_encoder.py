"""Trains the phone encoder that ships with the package: `python -m understudy_workers.training.phone_encoder`.

Four dilated convolutions over a log-mel spectrogram, squeezed to 32 numbers from which the phone is read, and how likely each
class of phones that look alike is. Done once, for every twin: a capture of a minute is far too short to learn speech sounds
from.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from understudy_workers.models.phones import ENCODER, FEATURES, MELS
from understudy_workers.training import phone_corpus as corpus
from understudy_workers.training.phone_corpus import Spoken

WIDTH: Final = 160
DILATIONS: Final = (1, 1, 2, 3)
SQUEEZED: Final = FEATURES - len(corpus.ARTICULATIONS)
CLASSES: Final = 80
_SQUEEZED_SCALE, _LIKELY_SCALE = 0.2, 3.0
"""How much the two kinds of features weigh where they are compared by distance."""

_SEGMENT, _BATCH = 200, 24
_IGNORED: Final = -100


class PhoneNet(nn.Module):
    """[batch, 64, time] -> ([batch, 32, time], [batch, 80, time]): features, and phone logits read from them."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [MELS, *[WIDTH] * len(DILATIONS)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, 5, padding=2 * d, dilation=d) for a, b, d in zip(sizes, sizes[1:], DILATIONS, strict=False)
        )
        self.squeeze = nn.Conv1d(WIDTH, SQUEEZED, 1)
        self.classify = nn.Conv1d(SQUEEZED, CLASSES, 1)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See the class."""
        hidden = mel
        for convolution in self.convolutions:
            hidden = torch.relu(convolution(hidden))
        features = self.squeeze(hidden)
        return features, self.classify(features)


@dataclass(frozen=True)
class Card:
    """What is measured about an encoder; accuracies are the share of 10 ms frames whose phone is right."""

    steps: int
    seed: int
    training_minutes: float
    training_wall_seconds: float
    accuracy_seen_languages: float
    accuracy_held_out_languages: float
    parameters: int


def train(steps: int, seconds: float, seed: int, threads: int = 1) -> tuple[bytes, Card]:
    """Trains an encoder on `seconds` of speech and gives it as ONNX; equal arguments on one machine give equal weights.

    Shows progress on standard error.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    started = time.monotonic()
    material = list(corpus.utterances(corpus.TRAINING_LANGUAGES, corpus.TRAINING_VARIANTS, seconds, seed))
    classes = _classes(material)
    net = PhoneNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    mel, labels = _joined(material, classes)
    for step in range(steps):
        loss = _loss(net, *_batch(mel, labels, rng))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 49:
            sys.stderr.write(f"\rphone encoder: step {step + 1} of {steps}, loss {loss.item():.3f} ")
    sys.stderr.write("\n")
    _whiten(net, mel)
    seen = corpus.utterances(corpus.TRAINING_LANGUAGES, corpus.TRAINING_VARIANTS, seconds / 20, seed + 1)
    unseen = corpus.utterances(corpus.HELD_OUT_LANGUAGES, corpus.HELD_OUT_VARIANTS, seconds / 20, seed + 2)
    card = Card(
        steps=steps,
        seed=seed,
        training_minutes=round(len(mel) / 6000, 1),
        training_wall_seconds=round(time.monotonic() - started, 1),
        accuracy_seen_languages=round(accuracy(net, list(seen), classes), 4),
        accuracy_held_out_languages=round(accuracy(net, list(unseen), classes), 4),
        parameters=sum(p.numel() for p in net.parameters()),
    )
    return export(net, classes), card


def accuracy(net: PhoneNet, material: Sequence[Spoken], classes: dict[str, int]) -> float:
    """Share of frames whose phone, of those the encoder has a class for, is the most likely one."""
    right = total = 0
    for spoken in material:
        wanted = np.array([classes.get(phone, _IGNORED) for phone in spoken.phones])
        with torch.no_grad():
            logits = net(torch.from_numpy(spoken.mel.T[None]))[1][0]
        known = wanted != _IGNORED
        right += int((logits.argmax(0).numpy()[known] == wanted[known]).sum())
        total += int(known.sum())
    return right / max(total, 1)


def export(net: PhoneNet, classes: dict[str, int]) -> bytes:
    """The network as ONNX: `mel` [1, 64, time] -> `features` [1, 52, time]; see `models.phones.FEATURES`."""
    weights = {
        "squeezed_scale": np.array(_SQUEEZED_SCALE, np.float32),
        "likely_scale": np.array(_LIKELY_SCALE, np.float32),
        "grouping": grouping(classes)[:, :, None],
    }
    nodes: list[Any] = []

    def convolve(layer: Any, source: str, target: str) -> None:
        weights[f"{target}.weight"] = layer.weight.detach().numpy()
        weights[f"{target}.bias"] = layer.bias.detach().numpy()
        names = [source, f"{target}.weight", f"{target}.bias"]
        pads = [layer.padding[0]] * 2
        nodes.append(helper.make_node("Conv", names, [target], dilations=list(layer.dilation), pads=pads))

    source = "mel"
    for index, layer in enumerate(net.convolutions):
        convolve(layer, source, f"sum{index}")
        source = f"hidden{index}"
        nodes.append(helper.make_node("Relu", [f"sum{index}"], [source]))
    convolve(net.squeeze, source, "squeezed")
    convolve(net.classify, "squeezed", "logits")
    nodes += [
        helper.make_node("Softmax", ["logits"], ["likely_phones"], axis=1),
        helper.make_node("Conv", ["likely_phones", "grouping"], ["likely"]),
        helper.make_node("Sqrt", ["likely"], ["likely_root"]),
        helper.make_node("Mul", ["likely_root", "likely_scale"], ["positions"]),
        helper.make_node("Mul", ["squeezed", "squeezed_scale"], ["sounds"]),
        helper.make_node("Concat", ["sounds", "positions"], ["features"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "phones",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, MELS, "time"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, FEATURES, "time"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def grouping(classes: dict[str, int]) -> npt.NDArray[np.float32]:
    """Which phone class belongs to which mouth position: 0 or 1, [20, 80]."""
    groups = np.zeros((len(corpus.ARTICULATIONS), CLASSES), np.float32)
    for phone, column in classes.items():
        position = corpus.articulation(phone)
        if position is not None:
            groups[position, column] = 1
    return groups


def _classes(material: Sequence[Spoken]) -> dict[str, int]:
    counts = Counter(phone for spoken in material for phone in spoken.phones)
    return {phone: index for index, (phone, _) in enumerate(counts.most_common(CLASSES))}


def _joined(material: Sequence[Spoken], classes: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    mel = np.concatenate([spoken.mel for spoken in material])
    labels = [classes.get(phone, _IGNORED) for spoken in material for phone in spoken.phones]
    return mel, np.array(labels, np.int64)


def _batch(mel: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Random stretches, each heard louder or softer, brighter or duller, and over a hiss of its own."""
    starts = rng.integers(0, len(mel) - _SEGMENT, _BATCH)
    index = starts[:, None] + np.arange(_SEGMENT)
    heard = mel[index] + rng.normal(0, 0.12, (_BATCH, 1, 1))
    heard = heard + rng.normal(0, 0.15, (_BATCH, 1, 1)) * np.linspace(-1, 1, MELS)
    hiss = rng.uniform(-1.6, -0.4, (_BATCH, 1, 1))
    heard = np.log10(10 ** (2 * heard) + 10 ** (2 * hiss)) / 2
    return torch.from_numpy(heard.astype(np.float32).transpose(0, 2, 1)), torch.from_numpy(labels[index])


def _loss(net: PhoneNet, mel: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    features, logits = net(mel)
    wrong = nn.functional.cross_entropy(logits, labels, ignore_index=_IGNORED, label_smoothing=0.05)
    return wrong + 1e-3 * (features**2).mean()


def _whiten(net: PhoneNet, mel: np.ndarray) -> None:
    """Gives every feature mean 0 and deviation 1 over the corpus, and undoes it in the classifier."""
    with torch.no_grad():
        features = net(torch.from_numpy(mel[:60_000].T[None]))[0][0]
        mean, deviation = features.mean(1), features.std(1).clamp_min(1e-3)
        net.classify.bias += (net.classify.weight[:, :, 0] * mean).sum(1)
        net.classify.weight *= deviation[None, :, None]
        net.squeeze.bias -= mean
        net.squeeze.bias /= deviation
        net.squeeze.weight /= deviation[:, None, None]


def main() -> None:
    """Trains and writes `phones.onnx` beside the module that loads it, its card on standard output."""
    parser = argparse.ArgumentParser(description="Train the phone encoder that ships with the package.")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--minutes", type=float, default=50.0, help="minutes of speech to train on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ENCODER)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    model, card = train(arguments.steps, arguments.minutes * 60, arguments.seed)
    temporary = arguments.out.with_suffix(".partial")
    temporary.write_bytes(model)
    temporary.rename(arguments.out)
    sys.stdout.write(json.dumps(asdict(card), indent=2) + "\n")


if __name__ == "__main__":
    main()
