"""The vault as a process of a real farm: real service accounts, the real API server's word on them, a real bucket."""

import json
import ssl
import time
from pathlib import Path

import httpx
import pytest
from minio.error import S3Error
from vault_site import Running

from understudy_api.release import AUDIENCE, Released
from understudy_api.settings import BucketNames, OperatorSettings, PoolSettings
from understudy_cli.local import buckets, kubeconfig, object_store
from understudy_cli.local.cluster_setup import NAMESPACE, PERFORMER_ACCOUNT, VAULT_ACCOUNT
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys

pytestmark = pytest.mark.farm


def test_the_performers_account_gets_the_key_and_the_bucket_a_line(trained: Running) -> None:
    status, answer, envelope = trained.ask(trained.cast.rendering(), trained.performer)
    assert status == 200, answer
    assert len(envelope.opened(Released.model_validate(answer))) == 32
    line = trained.log()[-1]
    assert (line["what"], line["caller"]) == ("released", f"system:serviceaccount:{NAMESPACE}:{PERFORMER_ACCOUNT}")


def test_operator_and_vault_accounts_are_no_performers(trained: Running) -> None:
    for account in ("operator", VAULT_ACCOUNT):
        status, answer, _ = trained.ask(trained.cast.rendering(), trained.token(account))
        assert status == 403
        assert answer["refusals"][0]["reason"] == "CallerNotOfPool"


@pytest.mark.parametrize("what", ["for the API server", "the operator's own", "forged", "an administrator's", "none"])
def test_tokens_made_for_something_else_are_nobodys(trained: Running, what: str) -> None:
    operator = json.loads(trained.site.home.operator_kubeconfig.read_text())["users"][0]["user"]["token"]
    bearer = {
        "for the API server": trained.token(PERFORMER_ACCOUNT, None),
        "the operator's own": operator,
        "forged": trained.performer[:-8] + "AAAAAAAA",
        "an administrator's": "admin",
        "none": "",
    }[what]
    assert trained.ask(trained.cast.rendering(), bearer)[0] == 401


def test_the_vaults_account_reviews_tokens_and_nothing_else(trained: Running) -> None:
    access = kubeconfig.read(trained.site.kubeconfig)
    context = ssl.create_default_context(cadata=access.authority_pem)
    own = trained.settings.apiserver.token_file.read_text()
    performer = trained.token(PERFORMER_ACCOUNT, None)
    with httpx.Client(base_url=access.server, verify=context, trust_env=False) as http:
        for path in (
            "/api/v1/secrets",
            f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
            "/apis/understudy.dev/v1alpha1/twinmodels",
            "/apis/understudy.dev/v1alpha1/licenses",
        ):
            for bearer in (own, performer):
                assert http.get(path, headers={"Authorization": f"Bearer {bearer}"}).status_code == 403
        minted = http.post(
            f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{PERFORMER_ACCOUNT}/token",
            json={"spec": {"audiences": [AUDIENCE]}},
            headers={"Authorization": f"Bearer {own}"},
        )
        assert minted.status_code == 403
        operator = json.loads(trained.site.home.operator_kubeconfig.read_text())["users"][0]["user"]["token"]
        minted = http.post(
            f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{PERFORMER_ACCOUNT}/token",
            json={"spec": {"audiences": [AUDIENCE]}},
            headers={"Authorization": f"Bearer {operator}"},
        )
        assert minted.status_code == 403, "the operator cannot make itself a performer"


def test_nobody_but_the_vault_reaches_its_log_and_it_removes_nothing(trained: Running) -> None:
    name = BucketNames().vault
    (first, *_) = (
        entry.object_name for entry in buckets.client(trained.settings.s3).list_objects(name, recursive=True)
    )
    for account in ("operator", "pool"):
        store = buckets.client(object_store.settings(trained.site, account))
        with pytest.raises(S3Error, match="Access"):
            store.get_object(name, first)
    own = buckets.client(trained.settings.s3)
    with pytest.raises(S3Error, match="Access"):
        own.remove_object(name, first)
    with pytest.raises(S3Error, match="Access"):
        own.get_object(BucketNames().twins, "any")


def test_neither_plane_is_told_a_key_that_decrypts(trained: Running) -> None:
    home = trained.site.home
    keyset = {json.loads(path.read_text()).get("data_key") for path in home.vault_keys.glob("*.json")} - {None}
    assert keyset
    OperatorSettings.load(home.operator_settings)
    PoolSettings.load(home.pool_settings)
    for settings in (home.operator_settings, home.pool_settings, home.operator_kubeconfig):
        text = settings.read_text()
        assert str(home.vault_keys) not in text
        assert str(Keys.at(home).vault) not in text
        assert not any(key in text for key in keyset if key)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [home.vault_keys, *home.vault_keys.iterdir()])


def test_a_stolen_operator_key_alone_gets_nothing(trained: Running) -> None:
    """Whoever has it grants at will; without the performers' account there is no caller, without the owner no license."""
    claim = trained.cast.rendering()
    assert trained.ask(claim, trained.token("operator"))[0] == 403
    assert trained.ask(claim, "")[0] == 401
    forged = trained.cast.rendering(trained.cast.making(license=trained.cast.license(trained.cast.farm)))
    status, answer, _ = trained.ask(forged, trained.performer)
    assert (status, answer["refusals"][0]["reason"]) == (403, "SignerNotAllowed")


def test_it_goes_on_after_a_restart(trained: Running, farm: Farm) -> None:
    import os
    import signal

    from understudy_cli.local import process

    before = trained.ask(trained.cast.rendering(), trained.performer)
    known = process.recall(trained.site.home.record("vault"))
    assert known is not None
    os.kill(known.identity.pid, signal.SIGKILL)
    while process.is_alive(known.identity):
        time.sleep(0.01)
    farm.up(["vault"])
    after = trained.ask(trained.cast.rendering(), trained.performer)
    keys = [envelope.opened(Released.model_validate(answer)) for _, answer, envelope in (before, after)]
    assert keys[0] == keys[1]


def test_settings_it_cannot_use_are_one_line(running: Running, tmp_path: Path) -> None:
    import subprocess
    import sys

    told = json.loads(running.site.home.vault_settings.read_text())
    told["keys_folder"], told["transit"] = None, None
    (tmp_path / "vault.json").write_text(json.dumps(told))
    environment = running.site.environment({"UNDERSTUDY_VAULT_SETTINGS": str(tmp_path / "vault.json")})
    argv = [sys.executable, "-m", "understudy_vault"]
    ended = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "wanted either keys_folder or transit" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
