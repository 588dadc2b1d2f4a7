import base64
import json
import stat

import pytest
import yaml

from understudy_cli.errors import UserError
from understudy_cli.local import kubeconfig
from understudy_cli.local.certificates import Pair
from understudy_cli.local.kubeconfig import Access

BY_CERTIFICATE = Access("https://127.0.0.1:1", "the ca", certificate_pem="a cert", key_pem="a key")
BY_TOKEN = Access("https://127.0.0.1:1", "the ca", token="a token")


@pytest.mark.parametrize("access", [BY_CERTIFICATE, BY_TOKEN])
def test_what_is_written_is_read_again(tmp_path, access):
    path = kubeconfig.write(tmp_path / "config", access, "someone")
    assert kubeconfig.read(path) == access
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_access_with_a_certificate_on_disk(tmp_path):
    for name in ("ca", "crt", "key"):
        (tmp_path / name).write_text(name)
    access = Access.with_certificate("https://x", tmp_path / "ca", Pair(tmp_path / "crt", tmp_path / "key"))
    assert access == Access("https://x", "ca", "crt", "key")


def document(**user: object) -> dict[str, object]:
    return {
        "current-context": "here",
        "contexts": [
            {"name": "there", "context": {"cluster": "none", "user": "none"}},
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": "https://x", "certificate-authority": "ca.pem"}}],
        "users": [{"name": "u", "user": user}],
    }


def test_files_are_read_beside_the_kubeconfig(tmp_path):
    for name in ("ca.pem", "user.pem", "user.key", "token"):
        (tmp_path / name).write_text(f"{name}\n")
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(document(**{"client-certificate": "user.pem", "client-key": "user.key"})))
    assert kubeconfig.read(path) == Access("https://x", "ca.pem\n", "user.pem\n", "user.key\n")
    path.write_text(yaml.safe_dump(document(tokenFile="token")))
    assert kubeconfig.read(path) == Access("https://x", "ca.pem\n", token="token")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a kubeconfig"),
        ("a: [", "not a kubeconfig"),
        (json.dumps({**document(token="t"), "current-context": "nowhere"}), "not a kubeconfig"),
        (json.dumps(document(**{"client-certificate-data": "%%%"})), "not a kubeconfig"),
        (json.dumps(document(exec={"command": "aws"})), "plug-ins are not supported"),
        (json.dumps(document(**{"client-certificate": "gone.pem"})), "gone.pem: No such file"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, text, complaint):
    (tmp_path / "ca.pem").write_text("ca")
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint) as refusal:
        kubeconfig.read(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_kubeconfig_is_one_line(tmp_path):
    with pytest.raises(UserError, match="No such file or directory; name a readable kubeconfig"):
        kubeconfig.read(tmp_path / "none")


def test_everything_is_embedded(tmp_path):
    text = kubeconfig.write(tmp_path / "config", BY_CERTIFICATE, "someone").read_text()
    assert base64.b64encode(b"a key").decode() in text
    assert str(tmp_path) not in text
