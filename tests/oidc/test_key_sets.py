"""Which published keys are used, and for what (RFC 7517, RFC 7518, RFC 8725 section 3)."""

import json
import warnings
from collections.abc import Mapping

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from jwt_to_rbac.oidc.algorithms import KEY_SHAPE
from jwt_to_rbac.oidc.key_set import KeySet, NotAKeySet, VerifyingKey, import_key, read_key_set

from .local_issuer import PrivateKey, base64url, public

EC256, EC384, EC521 = (ECKey.generate_key(curve) for curve in ("P-256", "P-384", "P-521"))
ED25519 = OKPKey.generate_key("Ed25519")


def key_set(*entries: object) -> KeySet:
    return read_key_set(json.dumps({"keys": entries}).encode())


def of_size(bits: int) -> RSAKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return RSAKey.generate_key(bits)


def imported(entry: object) -> VerifyingKey:
    key = import_key(entry)
    assert key is not None
    return key


@pytest.mark.parametrize("algorithm", sorted(KEY_SHAPE))
def test_every_algorithm_verifies_its_own_signatures_and_no_others(
    algorithm: str, rsa_keys: list[RSAKey]
) -> None:
    private: dict[str, PrivateKey] = {
        "ES256": EC256,
        "ES384": EC384,
        "ES512": EC521,
        "EdDSA": ED25519,
    }
    signer = private.get(algorithm, rsa_keys[0])
    signature = JWSRegistry.algorithms[algorithm].sign(b"input", signer)
    key = imported(public(signer))
    assert key.verifies(algorithm, b"input", signature)
    assert not key.verifies(algorithm, b"other", signature)
    for length in (0, 1, len(signature) - 1):
        assert not key.verifies(algorithm, b"input", signature[:length])
    assert not key.verifies(algorithm, b"input", signature + b"\0")
    for other in KEY_SHAPE.keys() - {algorithm}:
        assert not key.verifies(other, b"input", signature)


def test_zeroes_are_no_ecdsa_signature() -> None:
    # CVE-2022-21449: r = s = 0 passed for every message and key.
    assert not imported(public(EC256)).verifies("ES256", b"input", bytes(64))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"use": None}, id="no-use"),
        pytest.param({"use": None, "key_ops": ["verify"]}, id="key-ops-verify"),
        pytest.param({"alg": "RS256"}, id="its-own-alg"),
        pytest.param({"kid": None}, id="no-kid"),
        pytest.param({"x5c": 7, "x5u": "no address", "zzz": []}, id="odd-members-beside-it"),
    ],
)
def test_a_sound_signing_key_is_taken(
    rsa_keys: list[RSAKey], changes: Mapping[str, object]
) -> None:
    assert import_key(public(rsa_keys[0], **changes)) is not None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"use": "enc"}, id="for-encryption"),
        pytest.param({"use": 7}, id="use-a-number"),
        pytest.param({"key_ops": ["encrypt"]}, id="key-ops-encrypt"),
        pytest.param({"key_ops": ["sign"]}, id="key-ops-sign-alone"),
        pytest.param({"key_ops": []}, id="key-ops-empty"),
        pytest.param({"key_ops": "verify"}, id="key-ops-a-string"),
        pytest.param({"kid": 7}, id="kid-a-number"),
        pytest.param({"alg": ["RS256"]}, id="alg-a-list"),
        pytest.param({"kty": None}, id="no-kty"),
        pytest.param({"kty": "rsa"}, id="kty-in-small-letters"),
        pytest.param({"kty": ["RSA"]}, id="kty-a-list"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="kty-changed-to-symmetric"),
        pytest.param({"kty": "AKP"}, id="a-key-type-of-the-future"),
        pytest.param({"crv": "P-256"}, id="a-curve-on-rsa"),
        pytest.param({"n": None}, id="no-modulus"),
        pytest.param({"n": ""}, id="an-empty-modulus"),
        pytest.param({"n": "A" * 342}, id="modulus-zero"),
        pytest.param({"n": "~" * 342}, id="modulus-not-base64url"),
        pytest.param({"n": "é" * 342}, id="modulus-beyond-ascii"),
        pytest.param({"n": 65537}, id="modulus-a-number"),
        pytest.param({"e": "AQ"}, id="exponent-1"),
        pytest.param({"e": "Ag"}, id="exponent-2"),
        pytest.param({"e": ""}, id="an-empty-exponent"),
        pytest.param({"d": "AQAB"}, id="with-its-private-part"),
    ],
)
def test_a_key_that_cant_be_trusted_to_verify_is_left_out(
    rsa_keys: list[RSAKey], changes: Mapping[str, object]
) -> None:
    assert import_key(public(rsa_keys[0], **changes)) is None


@pytest.mark.parametrize(("bits", "taken"), [(1024, False), (2040, False), (2048, True)])
def test_rsa_keys_below_2048_bits_are_left_out(bits: int, taken: bool) -> None:
    assert (import_key(public(of_size(bits))) is not None) is taken


@pytest.mark.parametrize(
    ("size", "taken"),
    [pytest.param(size, True, id=f"{size}") for size in range(256, 266)]
    + [(1024, True), (1025, False), (2048, False)],
)
def test_rsa_keys_of_any_size_are_taken_but_those_that_cost_too_much(
    size: int, taken: bool
) -> None:
    # No real keys: making ones of that size takes minutes, and the size alone decides.
    entry = {"kty": "RSA", "n": base64url(b"\xff" * size), "e": "AQAB"}
    assert (import_key(entry) is not None) is taken


@pytest.mark.parametrize("trouble", [UnsupportedAlgorithm("x"), ValueError("x"), JoseError("x")])
def test_what_the_library_cant_verify_is_not_verified(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """As EdDSA on a machine whose OpenSSL is confined to FIPS."""

    def unable(msg: bytes, sig: bytes, key: OKPKey) -> bool:
        raise trouble

    monkeypatch.setattr(JWSRegistry.algorithms["EdDSA"], "verify", unable)
    assert not imported(public(ED25519)).verifies("EdDSA", b"input", b"signature")


def test_leading_zeroes_dont_make_a_small_key_a_large_one() -> None:
    small = public(of_size(1024))
    assert import_key({**small, "n": "A" * 172 + str(small["n"])}) is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"x": base64url(b"\x01" * 32)}, id="a-point-off-the-curve"),
        pytest.param({"x": base64url(bytes(32)), "y": base64url(bytes(32))}, id="the-origin"),
        pytest.param({"crv": "P-384"}, id="another-curve"),
        pytest.param({"crv": "secp256k1"}, id="a-curve-that-no-algorithm-here-uses"),
        pytest.param({"crv": ["P-256"]}, id="crv-a-list"),
        pytest.param({"y": None}, id="half-a-point"),
        pytest.param({"d": "AQAB"}, id="with-its-private-part"),
    ],
)
def test_an_elliptic_key_must_be_a_point_on_its_curve(changes: Mapping[str, object]) -> None:
    assert import_key(public(EC256)) is not None
    assert import_key(public(EC256, **changes)) is None


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(public(OKPKey.generate_key("X25519")), id="x25519"),
        pytest.param(public(OKPKey.generate_key("Ed448")), id="ed448"),
        pytest.param(public(ED25519, x="AAAA"), id="too-short"),
        pytest.param(OctKey.generate_key(256).as_dict(private=True), id="a-symmetric-key"),
    ],
)
def test_keys_that_no_algorithm_here_uses_are_left_out(key: Mapping[str, object]) -> None:
    assert import_key({**key, "use": "sig"}) is None


def test_an_odd_key_never_takes_the_others_with_it(rsa_keys: list[RSAKey]) -> None:
    odd: list[object] = [None, 7, "key", [], {}, {"kty": "AKP"}, public(rsa_keys[0], n="!")]
    assert len(key_set(*odd, public(rsa_keys[0]), *odd, public(EC256)).keys) == 2


@given(
    st.dictionaries(
        st.sampled_from(["kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y"]),
        st.sampled_from(["RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "sig", "AQAB", "A" * 342])
        | st.text(max_size=400)
        | st.integers()
        | st.none()
        | st.lists(st.text(max_size=3)),
    )
)
def test_no_entry_of_a_key_set_makes_the_import_fail(entry: dict[str, object]) -> None:
    key = import_key(entry)
    assert key is None or isinstance(key, VerifyingKey)


@pytest.mark.parametrize("document", [b"{}", b'{"keys":{}}', b'{"keys":null}'], ids=repr)
def test_what_has_no_list_of_keys_is_no_key_set(document: bytes) -> None:
    with pytest.raises(NotAKeySet, match=r"^the key set has no list of keys$"):
        read_key_set(document)


@pytest.mark.parametrize("document", [b"", b"[]", b'{"keys":[],"keys":[]}', b"<html>"], ids=repr)
def test_what_is_no_json_object_is_no_key_set_and_why_is_said(document: bytes) -> None:
    with pytest.raises(NotAKeySet, match=r"^the key set can't be read: \S"):
        read_key_set(document)


def test_a_key_is_matched_by_kid_type_and_algorithm(rsa_keys: list[RSAKey]) -> None:
    rsa = public(rsa_keys[0], kid="k")
    keys = key_set(rsa, public(EC256, kid="k"), public(rsa_keys[1], kid="other"))
    assert keys.candidates("k", "RS256") == (imported(rsa),)
    assert keys.candidates("k", "PS512") == (imported(rsa),)
    assert keys.candidates("k", "ES256") == (imported(public(EC256, kid="k")),)
    assert keys.candidates("k", "ES384") == ()
    assert keys.candidates("K", "RS256") == ()
    assert keys.candidates("../k?x=1", "RS256") == ()
    assert keys.candidates("", "RS256") == ()


def test_a_keys_own_algorithm_must_be_the_tokens(rsa_keys: list[RSAKey]) -> None:
    keys = key_set(public(rsa_keys[0], kid="k", alg="PS256"))
    assert keys.candidates("k", "RS256") == ()
    (key,) = keys.candidates("k", "PS256")
    signature = JWSRegistry.algorithms["RS256"].sign(b"input", rsa_keys[0])
    assert not key.verifies("RS256", b"input", signature)


def test_all_keys_of_a_repeated_kid_are_candidates(rsa_keys: list[RSAKey]) -> None:
    keys = key_set(public(rsa_keys[0], kid="k"), public(rsa_keys[1], kid="k"))
    assert len(keys.candidates("k", "RS256")) == 2
    twice = key_set(public(rsa_keys[0], kid="k"), public(rsa_keys[0], kid="k"))
    assert len(twice.candidates("k", "RS256")) == 1


def test_without_kid_a_key_is_taken_only_if_no_other_fits(rsa_keys: list[RSAKey]) -> None:
    rsa = public(rsa_keys[0], kid="k")
    assert key_set(rsa, public(EC256)).candidates(None, "RS256") == (imported(rsa),)
    assert key_set(rsa, public(rsa_keys[1])).candidates(None, "RS256") == ()
    assert key_set(public(EC256)).candidates(None, "RS256") == ()


def test_a_key_is_the_same_after_another_fetch_and_not_with_other_material(
    rsa_keys: list[RSAKey],
) -> None:
    assert imported(public(rsa_keys[0], kid="k")) == imported(public(rsa_keys[0], kid="k"))
    assert imported(public(rsa_keys[0], kid="k")) != imported(public(rsa_keys[1], kid="k"))
    assert imported(public(rsa_keys[0], kid="k")) != imported(public(rsa_keys[0], kid="l"))
    assert str(rsa_keys[0].as_dict()["n"]) not in repr(imported(public(rsa_keys[0])))
