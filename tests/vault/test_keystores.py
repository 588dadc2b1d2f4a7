"""Both keepers of keys keep one promise; what is special to each is below."""

import json
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import transit_server as engine

from understudy_api.settings import TransitSettings
from understudy_vault.bucket import Bucket
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.keystore import Destroyed, Kept, KeyStore, KeyStoreError
from understudy_vault.transit import TransitKeys

TWIN, OTHER, GENESIS = "ab" * 32, "cd" * 32, "eyJhbGciOiJ.eyJpc3MiOiJ.c2lnbmF0dXJl"
NOW = 1_780_000_000


class Folder:
    """A shelf of files, for tests that need no object store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, key: str, data: bytes) -> bool:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
        return True

    def get(self, key: str) -> bytes | None:
        path = self.folder / key
        return path.read_bytes() if path.exists() else None


@pytest.fixture
def transit() -> Any:
    return engine.Transit()


@pytest.fixture
def over_transit(transit: Any, tmp_path: Path) -> Iterator[TransitKeys]:
    (tmp_path / "token").write_text(engine.TOKEN + "\n")
    with engine.serving(transit) as url:
        yield TransitKeys(TransitSettings(url=url, token_file=tmp_path / "token"), Folder(tmp_path / "shelf"))


@pytest.fixture(params=["embedded", "transit"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    if request.param == "embedded":
        return EmbeddedKeys(tmp_path / "keys")
    found: KeyStore = request.getfixturevalue("over_transit")
    return found


def kept(keys: KeyStore, twin: str = TWIN) -> Kept:
    found = keys.find(twin)
    assert isinstance(found, Kept)
    return found


def test_a_key_is_made_once_and_pins_its_genesis(keys: KeyStore) -> None:
    assert keys.find(TWIN) is None
    assert keys.create(TWIN, GENESIS, NOW)
    first = kept(keys)
    assert len(first.data_key) == 32
    assert first.pin.genesis == GENESIS
    assert first.pin.created_at == NOW
    assert not keys.create(TWIN, "another.genesis.record", NOW + 1)
    assert kept(keys) == first


def test_twins_have_different_keys(keys: KeyStore) -> None:
    keys.create(TWIN, GENESIS, NOW)
    keys.create(OTHER, GENESIS, NOW)
    assert kept(keys).data_key != kept(keys, OTHER).data_key


def test_a_destroyed_key_is_gone_for_ever(keys: KeyStore) -> None:
    keys.create(TWIN, GENESIS, NOW)
    keys.create(OTHER, GENESIS, NOW)
    assert keys.destroy(TWIN, NOW + 5)
    found = keys.find(TWIN)
    assert isinstance(found, Destroyed)
    assert (found.pin.genesis, found.at) == (GENESIS, NOW + 5)
    assert not keys.destroy(TWIN, NOW + 6)
    assert not keys.create(TWIN, GENESIS, NOW + 7)
    assert isinstance(keys.find(TWIN), Destroyed)
    assert isinstance(keys.find(OTHER), Kept)


def test_what_never_was_cannot_be_destroyed(keys: KeyStore) -> None:
    assert not keys.destroy(TWIN, NOW)
    assert keys.find(TWIN) is None


def test_of_many_that_make_a_key_at_once_one_does(keys: KeyStore) -> None:
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(keys.create(TWIN, GENESIS, NOW))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert kept(keys) == kept(keys)


def test_nothing_prints_a_key(keys: KeyStore) -> None:
    keys.create(TWIN, GENESIS, NOW)
    found = kept(keys)
    assert repr(found.data_key) not in repr(found)
    assert "data_key" not in repr(found)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys = EmbeddedKeys(folder)
    keys.create(TWIN, GENESIS, NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(KeyStoreError, match="others may read this key"):
        keys.find(TWIN)
    folder.chmod(0o755)
    with pytest.raises(KeyStoreError, match="others may look into the folder"):
        EmbeddedKeys(folder)


def test_destroying_overwrites_the_bytes_that_held_the_key(tmp_path: Path) -> None:
    keys = EmbeddedKeys(tmp_path / "keys")
    keys.create(TWIN, GENESIS, NOW)
    path = tmp_path / "keys" / f"{TWIN}.json"
    secret = json.loads(path.read_text())["data_key"]
    with path.open("rb") as before:  # the very file, whatever its name
        keys.destroy(TWIN, NOW)
        assert secret.encode() not in before.read()
    assert secret not in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content", ["", "{}", "null", '{"twin": "' + "ef" * 32 + '", "genesis": "eyJhbGciOiJ.eyJpc3MiOiJ.c2lnbmF0dXJl"}']
)
def test_a_damaged_file_is_said_and_never_replaced(tmp_path: Path, content: str) -> None:
    keys = EmbeddedKeys(tmp_path / "keys")
    keys.create(TWIN, GENESIS, NOW)
    path = tmp_path / "keys" / f"{TWIN}.json"
    path.write_text(content)
    for act in (lambda: keys.find(TWIN), lambda: keys.destroy(TWIN, NOW)):
        with pytest.raises(KeyStoreError, match="backup"):
            act()
    assert not keys.create(TWIN, GENESIS, NOW)
    assert path.read_text() == content


def test_a_file_moved_to_another_twins_name_is_refused(tmp_path: Path) -> None:
    keys = EmbeddedKeys(tmp_path / "keys")
    keys.create(TWIN, GENESIS, NOW)
    (tmp_path / "keys" / f"{TWIN}.json").rename(tmp_path / "keys" / f"{OTHER}.json")
    with pytest.raises(KeyStoreError, match="another twin"):
        keys.find(OTHER)


def test_transit_is_asked_as_its_documentation_says(over_transit: TransitKeys, transit: Any) -> None:
    over_transit.create(TWIN, GENESIS, NOW)
    over_transit.find(TWIN)
    name = f"/v1/transit/keys/understudy-{TWIN}"
    assert transit.calls == [
        f"POST {name}",
        f"POST /v1/transit/datakey/plaintext/understudy-{TWIN}",
        f"POST /v1/transit/decrypt/understudy-{TWIN}",
    ]
    made = transit.keys[f"understudy-{TWIN}"]
    assert (made["type"], made["exportable"], made["allow_plaintext_backup"]) == ("aes256-gcm96", False, False)
    assert made["deletion_allowed"] is False
    over_transit.destroy(TWIN, NOW)
    assert transit.calls[3:] == [f"POST {name}/config", f"DELETE {name}"]
    assert transit.keys == {}


def test_no_data_key_lies_on_the_shelf(over_transit: TransitKeys, tmp_path: Path) -> None:
    over_transit.create(TWIN, GENESIS, NOW)
    record = json.loads((tmp_path / "shelf" / "twins" / f"{TWIN}.json").read_bytes())
    assert set(record) == {"twin", "genesis", "created_at", "wrapped"}
    assert record["wrapped"].startswith("vault:v1:")


def test_a_full_copy_of_the_shelf_opens_nothing_once_the_key_is_deleted(
    over_transit: TransitKeys, transit: Any, tmp_path: Path
) -> None:
    over_transit.create(TWIN, GENESIS, NOW)
    over_transit.destroy(TWIN, NOW)
    (tmp_path / "shelf" / "destroyed" / TWIN).unlink()  # somebody restores the shelf of yesterday
    with pytest.raises(KeyStoreError, match="encryption key not found"):
        over_transit.find(TWIN)


def test_a_deletion_that_broke_off_is_finished_by_the_next(over_transit: TransitKeys, transit: Any) -> None:
    over_transit.create(TWIN, GENESIS, NOW)
    del transit.keys[f"understudy-{TWIN}"]
    assert over_transit.destroy(TWIN, NOW)
    assert isinstance(over_transit.find(TWIN), Destroyed)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda transit, path: setattr(transit, "sealed", True), "Vault is sealed"),
        (lambda transit, path: path.write_text("another"), "permission denied"),
        (lambda transit, path: path.unlink(), "let it hold Transit's token"),
    ],
    ids=["sealed", "wrong token", "no token"],
)
def test_what_transit_refuses_is_one_line(
    over_transit: TransitKeys, transit: Any, tmp_path: Path, harm: Callable[[Any, Path], Any], complaint: str
) -> None:
    over_transit.create(TWIN, GENESIS, NOW)
    harm(transit, tmp_path / "token")
    with pytest.raises(KeyStoreError, match=complaint) as caught:
        over_transit.find(TWIN)
    assert "\n" not in str(caught.value)
    assert engine.TOKEN not in str(caught.value)


def test_transit_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    settings = TransitSettings(url="http://127.0.0.1:9", token_file=tmp_path / "token")
    with pytest.raises(KeyStoreError, match="does not answer"):
        TransitKeys(settings, Folder(tmp_path)).create(TWIN, GENESIS, NOW)


@pytest.mark.farm
def test_the_shelf_of_a_real_store(object_store: Any, transit: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(engine.TOKEN)
    bucket = Bucket(object_store.root, object_store.buckets.vault)
    bucket.probe()
    with engine.serving(transit) as url:
        keys = TransitKeys(TransitSettings(url=url, token_file=tmp_path / "token"), bucket)
        assert keys.create(TWIN, GENESIS, NOW)
        assert not keys.create(TWIN, GENESIS, NOW)
        assert len(kept(keys).data_key) == 32
        assert keys.destroy(TWIN, NOW + 1)
        assert isinstance(keys.find(TWIN), Destroyed)
    assert bucket.keys("twins/") == [f"twins/{TWIN}.json"]
