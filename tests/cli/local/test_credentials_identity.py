import io
import json

import c2pa
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from PIL import Image

from understudy_cli.local.credentials_identity import open_identity

MANIFEST = {
    "claim_generator_info": [{"name": "understudy-test", "version": "0"}],
    "format": "image/jpeg",
    "assertions": [
        {
            "label": "c2pa.actions",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                    }
                ]
            },
        }
    ],
}


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return open_identity(tmp_path_factory.mktemp("c2pa"), "local-test")


@pytest.fixture(scope="module")
def signed(identity) -> bytes:
    """A grey square with content credentials of the identity."""
    picture, result = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (32, 32), "grey").save(picture, "JPEG")
    info = c2pa.C2paSignerInfo(b"es256", identity.chain.read_bytes(), identity.key.read_bytes(), None)
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(MANIFEST) as builder:
        picture.seek(0)
        builder.sign(signer, "image/jpeg", picture, result)
    return result.getvalue()


def state(signed: bytes, anchors: str) -> str:
    settings = {"trust": {"trust_anchors": anchors}, "verify": {"verify_trust": True}}
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Reader("image/jpeg", io.BytesIO(signed), context=context) as reader,
    ):
        return str(json.loads(reader.json())["validation_state"])


def test_what_it_signs_is_trusted_by_those_who_have_its_root(identity, signed):
    assert state(signed, identity.root.read_text()) == "Trusted"


def test_another_farms_root_does_not_vouch_for_it(tmp_path, signed):
    other = open_identity(tmp_path, "local-other")
    assert state(signed, other.root.read_text()) == "Valid"


def test_it_is_made_once_and_names_its_farm(identity):
    before = identity.chain.read_bytes()
    again = open_identity(identity.root.parent, "local-renamed")
    assert again.chain.read_bytes() == before
    leaf, root = x509.load_pem_x509_certificates(before)
    leaf.verify_directly_issued_by(root)
    organization = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert organization == "Understudy farm local-test"


def test_the_roots_key_is_nowhere(identity):
    assert sorted(path.name for path in identity.root.parent.iterdir()) == ["leaf-chain.pem", "leaf.key", "root.pem"]
