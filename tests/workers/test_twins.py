import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from understudy_api import token
from understudy_api.order import TwinPin
from understudy_workers.models.bundle import BundleError
from understudy_workers.models.voice import EspeakVoice
from understudy_workers.objects import Objects
from understudy_workers.sealing import Seal
from understudy_workers.twins import Cast, Twins, bundle_key, publish


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Iterator[Objects]:
    objects = Objects(object_store.pool)
    yield objects
    objects.close()


@pytest.fixture(scope="module")
def bucket(object_store: Any) -> str:
    return str(object_store.buckets.twins)


@pytest.fixture
def published(objects: Objects, bucket: str, tiny_twin: Any, tiny_seal: Seal) -> TwinPin:
    """The tiny twin, whole again in its bucket whatever another test did to it."""
    return publish(objects, bucket, tiny_twin.folder, tiny_twin.key, tiny_seal)


@pytest.fixture
def open_twins(objects: Objects, bucket: str, tiny_twin: Any, tiny_seal: Seal, tmp_path: Path) -> Callable[..., Twins]:
    class Opened(Twins):
        """Always asked with the one seal."""

        def get(self, pin: TwinPin, seal: Seal = tiny_seal) -> Cast:
            return super().get(pin, seal)

    return lambda **changes: Opened(objects, bucket, tiny_twin.key, tmp_path / "twins", **changes)


def test_a_published_twin_is_fetched_and_kept_warm(open_twins: Any, published: TwinPin, tiny_twin: Any) -> None:
    assert published == tiny_twin.pin
    twins = open_twins()
    cast = twins.get(published)
    assert cast.voice == EspeakVoice("f2", 50, 165)
    assert cast.manifest.version == published.version
    assert cast.face.plates.shape[1:] == (512, 512, 3)
    assert twins.get(published) is cast


def test_a_fetched_twin_is_found_on_disk_without_the_store(
    open_twins: Any, published: TwinPin, objects: Objects, bucket: str, object_store: Any
) -> None:
    open_twins().get(published)
    object_store.remove(bucket, bundle_key(published, "face.onnx"))
    assert open_twins().get(published).pin == published


def test_a_damaged_copy_on_disk_is_fetched_again(open_twins: Any, published: TwinPin, tmp_path: Path) -> None:
    open_twins().get(published)
    (folder,) = (tmp_path / "twins").iterdir()
    (folder / "face.onnx").write_bytes(b"x")
    assert open_twins().get(published).pin == published


def test_the_least_recently_asked_for_leaves_memory(open_twins: Any, published: TwinPin) -> None:
    twins = open_twins(warm=1)
    cast = twins.get(published)
    with pytest.raises(BundleError):
        twins.get(TwinPin(id=published.id, version="0" * 64))
    assert twins.get(published) is not cast


@pytest.mark.parametrize("name", ["face.onnx", "plates.mp4", "twin.json", "manifest.json", "manifest.jws"])
def test_a_file_altered_in_the_bucket_is_refused(
    open_twins: Any, published: TwinPin, objects: Objects, bucket: str, tmp_path: Path, name: str
) -> None:
    data = bytearray(objects.get(bucket, bundle_key(published, name)))
    data[len(data) // 2] ^= 1
    objects.put(bucket, bundle_key(published, name), bytes(data))
    with pytest.raises(BundleError, match=name.replace("manifest.json", "manifest")):
        open_twins().get(published)


def test_another_key_another_version_and_none_are_refused(
    open_twins: Any,
    published: TwinPin,
    objects: Objects,
    bucket: str,
    tiny_twin: Any,
    tiny_seal: Seal,
    tmp_path: Path,
) -> None:
    with pytest.raises(BundleError, match="signature"):
        Twins(objects, bucket, token.new_key(), tmp_path / "other").get(published, tiny_seal)
    with pytest.raises(BundleError, match="got nothing"):
        open_twins().get(TwinPin(id="0" * 64, version=published.version))
    moved = TwinPin(id=published.id, version="1" * 64)
    for name in ("face.onnx", "mouth.onnx", "phones.onnx", "plates.mp4", "twin.json", "scores.json"):
        objects.copy(bucket, bundle_key(published, name), bucket, bundle_key(moved, name))
    for name in ("manifest.json", "manifest.jws"):
        objects.copy(bucket, bundle_key(published, name), bucket, bundle_key(moved, name))
    with pytest.raises(BundleError, match="version 111111111111"):
        open_twins().get(moved)


def test_nothing_that_does_not_verify_is_published(
    objects: Objects, bucket: str, tiny_twin: Any, tiny_seal: Seal, tmp_path: Path
) -> None:
    shutil.copytree(tiny_twin.folder, tmp_path / "bundle")
    (tmp_path / "bundle" / "twin.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match=r"twin\.json"):
        publish(objects, bucket, tmp_path / "bundle", tiny_twin.key, tiny_seal)


def test_nothing_of_a_likeness_lies_in_the_bucket_or_on_disk_unsealed(
    open_twins: Any, published: TwinPin, objects: Objects, bucket: str, tiny_twin: Any, tmp_path: Path
) -> None:
    open_twins().get(published)
    (folder,) = (tmp_path / "twins").iterdir()
    for name in ("face.onnx", "mouth.onnx", "plates.mp4", "twin.json"):
        plain = (tiny_twin.folder / name).read_bytes()
        for stored in (objects.get(bucket, bundle_key(published, name)), (folder / name).read_bytes()):
            assert stored != plain
            assert plain[:64] not in stored


def test_another_twins_key_opens_nothing(open_twins: Any, published: TwinPin) -> None:
    for wrong in (Seal(published.id, bytes(32)), Seal("0" * 64, bytes(range(32)))):
        with pytest.raises(BundleError, match="key does not open it"):
            open_twins().get(published, wrong)


def test_a_sealed_file_is_good_for_nothing_in_anothers_place(
    open_twins: Any, published: TwinPin, objects: Objects, bucket: str
) -> None:
    objects.copy(bucket, bundle_key(published, "mouth.onnx"), bucket, bundle_key(published, "face.onnx"))
    with pytest.raises(BundleError, match=r"face\.onnx"):
        open_twins().get(published)


def test_a_forgotten_twin_is_loaded_anew(open_twins: Any, published: TwinPin) -> None:
    twins = open_twins()
    cast = twins.get(published)
    twins.forget("0" * 64)
    assert twins.get(published) is cast
    twins.forget(published.id)
    assert twins.get(published) is not cast
