"""The images of Ray nodes: a head starts on a read-only file system, and its workers can do our work."""

import pytest
from built_image import BuiltImage, built

pytestmark = pytest.mark.kind
MOST_BYTES = 1_200_000_000
HEAD = """
set -eu
umask 077
python -c 'import secrets; print(secrets.token_hex(32))' >/tmp/token
export RAY_AUTH_TOKEN_PATH=/tmp/token
ray start --head --node-ip-address 127.0.0.1 --dashboard-host 127.0.0.1 --num-cpus 1 --object-store-memory 100000000 >&2
python - <<'CODE'
import json, ray

@ray.remote
def look():
    import importlib.util, os, sys
    import understudy_workers.director, understudy_workers.performer, understudy_workers.pipeline
    return {
        "torch loaded": "torch" in sys.modules,
        "torch there": importlib.util.find_spec("torch") is not None,
        "written": sorted(name for name in os.listdir("/tmp") if not name.startswith((".", "tmp"))),
    }

ray.init(address="127.0.0.1:6379", logging_level="ERROR", log_to_driver=False)
print(json.dumps(ray.get(look.remote(), timeout=120)))
CODE
"""
ENGINES = """
import av, c2pa, cv2, janome.tokenizer, numba, numpy, onnxruntime, PIL.Image, pyrage, tink, espeakng_loader
from understudy_workers.recipe import clip_recipe, take_recipe
from understudy_workers.models.phones import ENCODER
onnxruntime.InferenceSession(ENCODER, providers=["CPUExecutionProvider"])
numba.njit(lambda x: x + 1)(1)
assert [token.reading for token in janome.tokenizer.Tokenizer().tokenize("東京")] == ["トウキョウ"]
print(len(take_recipe()), len(clip_recipe()), "CUDAExecutionProvider" in onnxruntime.get_available_providers())
"""
PROVIDER = """
import ctypes, pathlib, onnxruntime
from understudy_workers.models.face import bring_cuda
bring_cuda()
try:
    ctypes.CDLL(str(pathlib.Path(onnxruntime.__file__).parent / "capi" / "libonnxruntime_providers_cuda.so"))
except OSError as error:
    print(error)
"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["render", "render-cpu"])
def test_it_is_small_to_pull(engine: None, name: str) -> None:
    """Registries and nodes pass images on compressed."""
    assert built(name).compressed_bytes() <= MOST_BYTES


def test_a_head_starts_and_its_workers_import_the_director(ray_image: BuiltImage) -> None:
    done = ray_image.run("bash", "-c", HEAD)
    assert done.returncode == 0, done.stderr + done.stdout
    with_torch = str("train" in ray_image.tag).lower()
    assert '"torch loaded": false' in done.stdout, "a renderer loads no torch, also where it is installed"
    assert f'"torch there": {with_torch}' in done.stdout


def test_a_head_without_a_token_does_not_start(ray_image: BuiltImage) -> None:
    done = ray_image.run("ray", "start", "--head", "--node-ip-address", "127.0.0.1")
    assert done.returncode != 0
    assert "token" in done.stderr + done.stdout


def test_every_engine_loads(ray_image: BuiltImage) -> None:
    *lengths, cuda = ray_image.python(ENGINES).split()
    assert lengths == ["64", "64"]
    assert cuda == str(not ray_image.tag.endswith("-cpu"))


@pytest.mark.parametrize("name", ["render-cuda", "train"])
def test_the_cuda_provider_lacks_nothing_but_the_driver(engine: None, name: str) -> None:
    """The driver is the node's own, and is mounted into the container."""
    said = built(name).python(PROVIDER)
    assert "libcuda.so.1" in said


def test_a_login_shell_finds_ray(ray_image: BuiltImage) -> None:
    """KubeRay starts a node with `bash -lc`, which takes its PATH from the profile."""
    done = ray_image.run("bash", "-lc", "command -v ray && command -v python")
    assert done.stdout.split() == ["/opt/understudy/bin/ray", "/opt/understudy/bin/python"]
