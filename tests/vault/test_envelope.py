import pytest
import tink
from tink import aead, hybrid, proto_keyset_format, secret_key_access

from understudy_api.release import decode as decoded
from understudy_api.release import encode
from understudy_api.verdict import Refusal
from understudy_vault.envelope import enclose, new_data_key

TEMPLATE = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM_RAW


@pytest.fixture(scope="module")
def private() -> tink.KeysetHandle:
    return tink.new_keyset_handle(TEMPLATE)


@pytest.fixture(scope="module")
def recipient(private: tink.KeysetHandle) -> str:
    return encode(proto_keyset_format.serialize_without_secret(private.public_keyset_handle()))


def test_it_opens_for_its_recipient_in_its_context(private: tink.KeysetHandle, recipient: str) -> None:
    key = new_data_key()
    sealed = enclose(key, recipient, b"this question")
    assert isinstance(sealed, str)
    assert key not in decoded(sealed)
    primitive = private.primitive(hybrid.HybridDecrypt)
    assert primitive.decrypt(decoded(sealed), b"this question") == key
    with pytest.raises(tink.TinkError):
        primitive.decrypt(decoded(sealed), b"another question")
    with pytest.raises(tink.TinkError):
        tink.new_keyset_handle(TEMPLATE).primitive(hybrid.HybridDecrypt).decrypt(decoded(sealed), b"this question")


def test_keys_differ() -> None:
    assert len({new_data_key() for _ in range(100)}) == 100


def test_what_is_no_public_hpke_keyset_is_refused(private: tink.KeysetHandle) -> None:
    aead.register()
    symmetric = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    secret = [proto_keyset_format.serialize(handle, secret_key_access.TOKEN) for handle in (symmetric, private)]
    for wrong in ("", "!!", "AAAA", encode(b"\x00" * 40), *map(encode, secret)):
        refusal = enclose(bytes(32), wrong, b"")
        assert isinstance(refusal, Refusal), wrong
        assert refusal.reason == "BadRecipient"
