"""A twin for benches: the trainer's own network shape over a real capture, put together without training it.

What a frame costs does not depend on what the weights are. The mouth it paints is the capture's mean mouth with a little
of the network's noise, so that the encoder has something like a face to do.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import onnx
import torch
from joserfc.jwk import OKPKey
from onnx import TensorProto, helper, numpy_helper

from bench.campaign import ROOT, Owner
from understudy_api.genesis import twin_id
from understudy_workers.models import bundle
from understudy_workers.models.geometry import Geometry, mask
from understudy_workers.models.hearing import WINDOW
from understudy_workers.models.phones import ENCODER
from understudy_workers.models.plates import MOST_PLATES, encode_plates
from understudy_workers.training.fit import export_face
from understudy_workers.training.network import FaceNet, Shape

CAPTURES = ROOT / "examples" / "captures"
SIDE, LEFT, TOP, CODES, POSES = 128, 192, 270, 16, 6


def bench_twin(folder: Path, owner: Owner, key: OKPKey, capture: Path | None = None) -> Path:
    """Writes a bundle signed with `key` to `folder`, which must not exist."""
    found = capture or next(iter(sorted(CAPTURES.glob("*.mp4"))), None)
    if found is None:
        raise RuntimeError(
            f"{CAPTURES}: wanted a capture (mp4), got none; make one with `understudy capture synthesize`"
        )
    plates = _plates(found)
    geometry = Geometry(
        side=SIDE,
        left=LEFT,
        top=TOP,
        matrices=(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),) * len(plates),
        poses=((0.0,) * POSES,) * len(plates),
        quiet=(0,) * len(plates),
        busy=(),
        rest_code=(0.0,) * CODES,
    )
    files = {
        "face.onnx": _face(plates),
        "mouth.onnx": _mouth(),
        "phones.onnx": ENCODER.read_bytes(),
        "plates.mp4": encode_plates(plates),
        "twin.json": geometry.model_dump_json().encode(),
        "scores.json": b"{}",
    }
    manifest = bundle.Manifest(
        twin_id=twin_id(owner.genesis),
        genesis=owner.genesis,
        files=bundle.describe(files),
        inputs={"voice_variant": "f2", "voice_pitch": "50", "voice_rate_wpm": "160"},
        scores={},
        ready=True,
        created=0,
    )
    bundle.write(folder, manifest, files, key)
    return folder


def _plates(capture: Path) -> np.ndarray:
    with av.open(str(capture)) as container:
        frames = zip(range(MOST_PLATES), container.decode(video=0), strict=False)
        return np.stack([frame.to_ndarray(format="rgb24") for _, frame in frames])


def _face(plates: np.ndarray) -> bytes:
    torch.manual_seed(0)
    net = FaceNet(Shape(SIDE, CODES, POSES), torch.from_numpy(mask(SIDE)))
    mean = plates[:, TOP : TOP + SIDE, LEFT : LEFT + SIDE].mean(0).transpose(2, 0, 1) / 255
    net.linear.weight[-1] = torch.from_numpy(mean.reshape(-1)).float()
    torch.nn.init.normal_(net.head.weight, std=1e-3)
    return export_face(net.eval())


def _mouth() -> bytes:
    """As many multiplications as a trained listener of 1,000 centres makes."""
    rng = np.random.default_rng(0)
    first = rng.normal(0, 0.02, (WINDOW, 1000)).astype(np.float32)
    second = rng.normal(0, 0.02, (1000, CODES)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["windows", "first"], ["near"]),
        helper.make_node("Tanh", ["near"], ["kernel"]),
        helper.make_node("MatMul", ["kernel", "second"], ["codes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "listener",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, ["n", WINDOW])],
        [helper.make_tensor_value_info("codes", TensorProto.FLOAT, ["n", CODES])],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
