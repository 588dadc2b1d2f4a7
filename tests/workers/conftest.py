"""What worker tests share: an owner, a farm, and orders whose tokens are really signed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from joserfc.jwk import OKPKey
from onnx import TensorProto, helper, numpy_helper
from ray_pool import Pool
from theatre import Orders

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.grant import Grant, sign_grant
from understudy_api.order import Content, Delivery, Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.settings import VaultEndpoint
from understudy_api.terms import Assignee, Quota, Terms, sign_license
from understudy_api.verdict import Refusal
from understudy_cli.local.certificates import Authority
from understudy_cli.local.keys import Keys
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.keystore import Kept
from understudy_vault.rules import Bench
from understudy_vault.server import Server
from understudy_vault.vault import Vault
from understudy_workers.models import bundle
from understudy_workers.models.geometry import Geometry
from understudy_workers.models.hearing import WINDOW
from understudy_workers.models.phones import ENCODER, FEATURES
from understudy_workers.models.plates import encode_plates
from understudy_workers.objects import Objects
from understudy_workers.sealing import Seal

UID = "0c8f2b1e-0000-4000-8000-000000000000"
LANDSCAPE = VideoOutput(name="landscape", width=384, height=216)
STORY = VideoOutput(name="story", width=216, height=384)


@dataclass(frozen=True)
class Signers:
    """An owner and a farm with their keys; writes orders that hold at `now` (Unix seconds)."""

    owner: OKPKey = field(default_factory=token.new_key)
    farm: OKPKey = field(default_factory=token.new_key)
    now: int = 1_750_000_000
    performers: list[str] = field(default_factory=list)
    """Keys of the performers that grants name."""

    @property
    def genesis(self) -> str:
        return sign_genesis(self.owner, "Ada", self.now, "0" * 32)

    def license(self, **changes: Any) -> str:
        terms: dict[str, Any] = {
            "iss": token.thumbprint(self.owner),
            "aud": token.thumbprint(self.farm),
            "jti": "acme-spring-1",
            "iat": self.now,
            "nbf": self.now,
            "exp": self.now + 86_400,
            "assignee": Assignee(namespace="acme"),
            "twin": twin_id(self.genesis),
            "purposes": ("advertising",),
            "channels": ("social",),
            "territories": ("DE", "GB"),
            "languages": ("en", "de"),
            "quota": Quota(seconds=10_000),
        }
        return sign_license(self.owner, Terms.model_validate({**terms, **changes}))

    def grant(self, order: Order, **changes: Any) -> str:
        grant: dict[str, Any] = {
            "iss": token.thumbprint(self.farm),
            "aud": order.pool,
            "sub": order.uid,
            "order": order.digest,
            "license": digest_bytes(order.license.encode()),
            "keys": order.twin.id,
            "twin_version": order.twin.version,
            "seconds": 600,
            "performers": tuple(self.performers),
            "iat": self.now,
            "exp": self.now + 900,
        }
        return sign_grant(self.farm, Grant.model_validate({**grant, **changes}))

    def order(self, grant: dict[str, Any] | None = None, **changes: Any) -> Order:
        """An order of two rows in two locales and two outputs, `changes` applied, with a grant that fits it."""
        genesis, license_ = self.genesis, changes.pop("license", None) or self.license()
        scenes = changes.pop("scenes", {"en-GB": ("Hello {name}! Spring is here.",), "de-DE": ("Hallo {name}!",)})
        content = Content(
            script_locale="en-GB",
            scenes=scenes,
            key=changes.pop("key", "id"),
            rows_s3_key="orders/rows.jsonl",
            rows_digest="b" * 64,
            rows_count=2,
        )
        base: dict[str, Any] = {
            "uid": UID,
            "generation": 1,
            "namespace": "acme",
            "job": "spring",
            "pool": "default",
            "twin": TwinPin(id=twin_id(genesis), version="c" * 64),
            "genesis": genesis,
            "license": license_,
            "use": OrderedUse(purpose="advertising", channels=("social",), territories=("DE",)),
            "content": content,
            "locales": tuple(scenes),
            "outputs": (LANDSCAPE, STORY),
            "delivery": Delivery(bucket="understudy-outputs", prefix="acme/spring/"),
            "grant": license_,
        }
        order = Order.model_validate({**base, **changes})
        return order.model_copy(update={"grant": self.grant(order, **(grant or {}))})


@pytest.fixture(scope="session")
def signers() -> Signers:
    return Signers()


@dataclass
class Strongbox:
    """The real vault in a thread, over HTTPS, with keys in a folder; its callers are known by a fixed token."""

    vault: Vault
    endpoint: VaultEndpoint
    log: dict[str, bytes]

    def seal(self, genesis: str) -> Seal:
        """The seal of a twin, whose key is made on the first call."""
        twin = twin_id(genesis)
        self.vault.keys.create(twin, genesis, 0)
        found = self.vault.keys.find(twin)
        assert isinstance(found, Kept)
        return Seal(twin, found.data_key)


class KnownCaller:
    """One token, one user: who really calls is asked in the vault's own tests."""

    def user(self, token: str) -> str | Refusal:
        return "performers" if token == "performer" else Refusal(reason="Unauthenticated", message="vault: nobody")


class MemoryShelf:
    """What a bucket with conditional creates promises, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def create(self, key: str, data: bytes) -> bool:
        return self.objects.setdefault(key, data) is data

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys(self, prefix: str, after: str = "") -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix) and key > after)


@contextmanager
def serving_vault(
    farm: OKPKey, folder: Path, clock: Callable[[], float], lease_seconds: int = 60
) -> Iterator[Strongbox]:
    shelf = MemoryShelf()
    vault = Vault(
        bench=Bench(farm, {"default": "performers"}, bytes(32), demands_capture_consent=False),
        keys=EmbeddedKeys(folder / "keys"),
        shelf=shelf,
        callers=KnownCaller(),
        signing_key=token.new_key(),
        clock=clock,
        steady_clock=time.monotonic,
        lease_seconds=lease_seconds,
    )
    pair = Authority.open(folder / "pki", "test farm").server(folder / "pki", "vault")
    server = Server(vault, "127.0.0.1", 0, pair.certificate, pair.key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    (folder / "token").write_text("performer")
    url = f"https://127.0.0.1:{server.server_port}"
    try:
        endpoint = VaultEndpoint(url=url, token_file=folder / "token", ca_file=folder / "pki" / "ca.crt")
        yield Strongbox(vault, endpoint, shelf.objects)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def open_strongbox(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Opens a vault for a farm's key and a clock of Unix seconds; use it in `with`."""
    return lambda farm, clock, **rest: serving_vault(farm, tmp_path_factory.mktemp("vault"), clock, **rest)


@pytest.fixture(scope="session")
def tiny_seal(signers: Signers) -> Seal:
    """A seal of the tiny twin whose key no vault knows."""
    return Seal(twin_id(signers.genesis), bytes(range(32)))


@pytest.fixture(scope="session")
def write_order(signers: Signers) -> Callable[..., Order]:
    """Writes an order that is permitted; keyword arguments change its fields."""
    return signers.order


SIDE, LEFT, TOP, PLATES, CODES = 96, 208, 290, 12, 4
"""A small twin's geometry, in plate pixels; a drawn head on 12 plates."""


def draw_head(sway: float) -> np.ndarray:
    """A plate: studio, shoulders, head, eyes and a closed mouth, [512, 512, 3] RGB."""
    picture = np.zeros((512, 512, 3), np.uint8)
    picture[:] = np.linspace(120, 170, 512, dtype=np.uint8)[:, None, None]
    x = 256 + sway
    shapes = [
        ((x, 520), (200, 120), (60, 70, 110)),
        ((x, 200), (130, 155), (70, 45, 30)),
        ((x, 245), (108, 142), (222, 178, 150)),
        ((x - 46, 215), (18, 10), (245, 245, 240)),
        ((x + 46, 215), (18, 10), (245, 245, 240)),
        ((x - 46, 215), (9, 9), (40, 30, 25)),
        ((x + 46, 215), (9, 9), (40, 30, 25)),
        ((x, 330), (34, 5), (150, 70, 70)),
    ]
    for (cx, cy), (rx, ry), colour in shapes:
        cv2.ellipse(
            picture, (round(cx * 16), round(cy * 16)), (rx * 16, ry * 16), 0, 0, 360, colour, -1, cv2.LINE_AA, 4
        )
    return picture


def mouth_network() -> bytes:
    """Hears: the loudness of a window's middle, as the phone encoder tells it, opens the mouth."""
    weights = np.zeros((WINDOW, CODES), np.float32)
    middle = WINDOW // FEATURES // 2 * FEATURES
    weights[middle : middle + FEATURES, 0] = np.random.default_rng(7).normal(0, 1, FEATURES)
    nodes = [
        helper.make_node("MatMul", ["windows", "w"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["codes"]),
    ]
    return onnx_model(
        nodes,
        [("windows", TensorProto.FLOAT, ["n", WINDOW])],
        ("codes", TensorProto.FLOAT, ["n", CODES]),
        {"w": weights},
    )


def face_network() -> bytes:
    """Paints: a dark opening whose strength is the first code."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE / 2) - 1
    inside = (np.hypot(x / 0.6, (y + 0.1) / 0.35) < 1).astype(np.float32)[None, :, :, None]
    square = ["n", SIDE, SIDE, 3]
    nodes = [
        helper.make_node("Slice", ["code", "from", "to", "along"], ["first"]),
        helper.make_node("Reshape", ["first", "shape"], ["opening"]),
        helper.make_node("Mul", ["opening", "inside"], ["open"]),
        helper.make_node("Sub", ["unit", "open"], ["shut"]),
        helper.make_node("Cast", ["plate"], ["skin"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["skin", "shut"], ["painted"]),
        helper.make_node("Cast", ["painted"], ["square"], to=TensorProto.UINT8),
    ]
    return onnx_model(
        nodes,
        [
            ("plate", TensorProto.UINT8, square),
            ("quiet", TensorProto.UINT8, square),
            ("pose", TensorProto.FLOAT, ["n", 3]),
            ("code", TensorProto.FLOAT, ["n", CODES]),
        ],
        ("square", TensorProto.UINT8, square),
        {
            "from": np.array([0], np.int64),
            "to": np.array([1], np.int64),
            "along": np.array([1], np.int64),
            "shape": np.array([-1, 1, 1, 1], np.int64),
            "inside": inside,
            "unit": np.array(1, np.float32),
        },
    )


def onnx_model(nodes: list[Any], inputs: list[Any], output: Any, constants: dict[str, np.ndarray]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*output)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class TinyTwin:
    """A bundle folder of a drawn head whose networks are written by hand: real in form, small and quick."""

    folder: Path
    pin: TwinPin
    key: OKPKey


@pytest.fixture(scope="session")
def tiny_twin(signers: Signers, tmp_path_factory: pytest.TempPathFactory) -> TinyTwin:
    sways = [2.0 * np.sin(number / 4) for number in range(PLATES)]
    geometry = Geometry(
        side=SIDE,
        left=LEFT,
        top=TOP,
        matrices=tuple(((1.0, 0.0, float(sway)), (0.0, 1.0, 0.0)) for sway in sways),
        poses=((0.0, 0.0, 0.0),) * PLATES,
        quiet=(0,) * PLATES,
        busy=(),
        rest_code=(0.0,) * CODES,
    )
    files = {
        "face.onnx": face_network(),
        "mouth.onnx": mouth_network(),
        "phones.onnx": ENCODER.read_bytes(),
        "plates.mp4": encode_plates(np.stack([draw_head(sway) for sway in sways])),
        "twin.json": geometry.model_dump_json().encode(),
        "scores.json": b"{}",
    }
    key = token.new_key()
    manifest = bundle.Manifest(
        twin_id=twin_id(signers.genesis),
        genesis=signers.genesis,
        files=bundle.describe(files),
        inputs={"voice_variant": "f2", "voice_pitch": "50", "voice_rate_wpm": "165"},
        scores={},
        ready=True,
        created=signers.now,
    )
    folder = tmp_path_factory.mktemp("twin") / "bundle"
    version = bundle.write(folder, manifest, files, key)
    return TinyTwin(folder, TwinPin(id=manifest.twin_id, version=version), key)


@pytest.fixture
def notes(pool: Pool) -> Path:
    """The folder where the puppets of a test's pool note what they do; empty of earlier notes."""
    folder: Path = pool.settings.work_dir
    (folder / "puppet.log").unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="module")
def orders(pool: Pool) -> Iterator[Orders]:
    """Orders to a test's pool, signed by its farm's own key."""
    farm_key = token.load_key(Keys.at(pool.farm.site().home).farm.read_text())
    objects = Objects(pool.settings.s3)
    yield Orders(Signers(farm=farm_key, now=int(time.time())), objects, pool.settings)
    objects.close()
