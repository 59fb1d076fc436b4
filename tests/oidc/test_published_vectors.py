"""The signatures printed in RFC 7515 appendix A and RFC 7520 section 4."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.compact_token import UnverifiedToken, read_token
from jwt_to_rbac.oidc.key_set import import_key

JOE = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
FRODO = (
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
    "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
    "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
)
BILBO = "bilbo.baggins@hobbiton.example"

RSA_A2 = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0"
    "Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
}
EC_A3 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
EC_A4 = {
    "kty": "EC",
    "crv": "P-521",
    "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
}
HMAC_A1 = {
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
RSA_7520 = {
    "kty": "RSA",
    "kid": BILBO,
    "use": "sig",
    "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_A"
    "JmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-Of"
    "VfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCL"
    "qKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    "e": "AQAB",
}
EC_7520 = {
    "kty": "EC",
    "kid": BILBO,
    "use": "sig",
    "crv": "P-521",
    "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
    "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1",
}

RS256_A2 = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj"
    "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe"
    "7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8"
    "np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
ES256_A3 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
ES512_A4 = (
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSw"
    "FKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
)
RS256_7520 = (
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7"
    "PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt"
    "9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ"
    "3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"
)
PS384_7520 = (
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5d"
    "DDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_"
    "ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmF"
    "AAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
)
ES512_7520 = (
    "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtP"
    "Bu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"
)
HEAD_7520 = "ImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9"


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "==")


@pytest.mark.parametrize(
    ("key", "algorithm", "signing_input", "signature"),
    [
        pytest.param(RSA_A2, "RS256", f"eyJhbGciOiJSUzI1NiJ9.{JOE}", RS256_A2, id="7515-A.2"),
        pytest.param(EC_A3, "ES256", f"eyJhbGciOiJFUzI1NiJ9.{JOE}", ES256_A3, id="7515-A.3"),
        pytest.param(EC_A4, "ES512", "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA", ES512_A4, id="7515-A.4"),
        pytest.param(
            RSA_7520, "RS256", f"eyJhbGciOiJSUzI1NiIs{HEAD_7520}.{FRODO}", RS256_7520, id="7520-4.1"
        ),
        pytest.param(
            RSA_7520, "PS384", f"eyJhbGciOiJQUzM4NCIs{HEAD_7520}.{FRODO}", PS384_7520, id="7520-4.2"
        ),
        pytest.param(
            EC_7520, "ES512", f"eyJhbGciOiJFUzUxMiIs{HEAD_7520}.{FRODO}", ES512_7520, id="7520-4.3"
        ),
    ],
)
def test_a_published_signature_is_verified(
    key: Mapping[str, str], algorithm: str, signing_input: str, signature: str
) -> None:
    imported = import_key(key)
    assert imported is not None
    assert imported.verifies(algorithm, signing_input.encode(), decoded(signature))
    assert not imported.verifies(algorithm, signing_input.encode()[:-1], decoded(signature))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(f"eyJhbGciOiJSUzI1NiJ9.{JOE}.{RS256_A2}", id="7515-A.2"),
        pytest.param(f"eyJhbGciOiJFUzI1NiJ9.{JOE}.{ES256_A3}", id="7515-A.3"),
    ],
)
def test_a_published_token_with_claims_is_read(token: str) -> None:
    read = read_token(token)
    assert isinstance(read, UnverifiedToken)
    assert read.unverified_claims == {
        "iss": "joe",
        "exp": 1300819380,
        "http://example.com/is_root": True,
    }


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param(
            f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            Code.TOKEN_ALGORITHM,
            id="7515-A.1-hs256",
        ),
        pytest.param(f"eyJhbGciOiJub25lIn0.{JOE}.", Code.TOKEN_ALGORITHM, id="7515-A.5-none"),
        pytest.param(
            f"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.{ES512_A4}",
            Code.TOKEN_MALFORMED,
            id="7515-A.4-payload-without-claims",
        ),
        pytest.param(
            "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9"
            "leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.",
            Code.TOKEN_ALGORITHM,
            id="7515-E-crit",
        ),
        pytest.param(
            f"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.{FRODO}"
            ".s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
            Code.TOKEN_ALGORITHM,
            id="7520-4.4-hs256",
        ),
    ],
)
def test_a_published_token_that_is_no_id_token_is_refused(token: str, code: Code) -> None:
    read = read_token(token)
    assert isinstance(read, Denial)
    assert read.code == code


def test_the_published_hmac_key_is_no_verification_key() -> None:
    assert import_key(HMAC_A1) is None
