import json
import stat

import pytest

from understudy_api import token
from understudy_cli.local.home import Home
from understudy_cli.local.keys import Keys, open_account, open_keys


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "farm")


def test_keys_are_made_once_and_private(home):
    keys = open_keys(home)
    before = {path.name: path.read_bytes() for path in home.keys.iterdir()}
    assert open_keys(home) == keys == Keys.at(home)
    assert {path.name: path.read_bytes() for path in home.keys.iterdir()} == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.keys.iterdir()} == {0o600}
    assert len(set(before.values())) == len(before)


@pytest.mark.parametrize("name", ["farm", "pool"])
def test_the_public_half_verifies_what_the_private_half_signs(home, name):
    keys = open_keys(home)
    private = token.load_key(getattr(keys, name).read_text())
    public_text = getattr(keys, f"{name}_public").read_text()
    assert "d" not in json.loads(public_text)
    signed = token.sign(private, "test+jwt", {"a": 1})
    assert token.verify(signed, token.load_key(public_text), "test+jwt") == {"a": 1}


def test_farm_and_pool_have_keys_of_their_own(home):
    keys = open_keys(home)
    assert keys.farm_thumbprint() == token.thumbprint(token.load_key(keys.farm.read_text()))
    assert keys.farm_public.read_text() != keys.pool_public.read_text()


def test_a_lost_public_half_comes_back(home):
    keys = open_keys(home)
    before = keys.farm_public.read_text()
    keys.farm_public.unlink()
    open_keys(home)
    assert keys.farm_public.read_text() == before


def test_secrets_are_long_enough(home):
    keys = open_keys(home)
    assert len(keys.cache.read_bytes()) == 32
    for path in (keys.director_token, keys.ray_token):
        assert len(path.read_text()) >= 43
        assert path.read_text().isascii()


def test_accounts_fit_the_object_stores_limits_and_stay(home):
    accounts = {name: open_account(home, name) for name in ("root", "operator", "pool")}
    assert {name: open_account(home, name) for name in accounts} == accounts
    for account in accounts.values():
        assert 3 <= len(account.access_key) <= 20
        assert 8 <= len(account.secret_key) <= 40
    assert len({account.secret_key for account in accounts.values()}) == 3
