"""Tokens and key sets: whatever they are, only properly signed ones name somebody.

The first byte of an input says what the rest is; NUL separates (no JSON text holds one):
r  a token as it is            g  header, payload: signed by the issuer itself
e  header, payload: signed by somebody else's key
s  header, payload: under the signature of a good token
k  a key set                   t  edits of a good token: place, character; repeated
"""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson
from jwt_to_rbac.core.names import ACCOUNT_NAME_LENGTH, hashed_account_name, readable_account_name
from jwt_to_rbac.oidc.compact_token import UnverifiedToken, read_token
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.key_set import MAX_RSA_BITS, MIN_RSA_BITS, NotAKeySet, read_key_set
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from tests.oidc.local_issuer import AUDIENCE, NOW, Clock, compact, local_issuer, public

URL = "https://issuer.example"
ALGORITHMS = {"ed": "EdDSA", "ec": "ES256"}
CODES = frozenset(code for code in Code if code.startswith("token_"))
LONGEST_DETAIL = 1000

WORDS = (
    *('"alg":', '"kid":', '"typ":', '"crit":', '"b64":', '"jwk":', '"jku":', '"x5c":', '"zip":'),
    *('"EdDSA"', '"ES256"', '"RS256"', '"HS256"', '"none"', '"ed"', '"ec"', '"JWT"', '"at+jwt"'),
    *(
        '"iss":',
        '"sub":',
        '"aud":',
        '"azp":',
        '"exp":',
        '"iat":',
        '"nbf":',
        '"groups":',
        '"email":',
    ),
    *('"email_verified":', '"preferred_username":', '"federated_claims":', '"connector_id":'),
    *('"user_id":', '"events":', '"jti":', f'"{URL}"', f'"{AUDIENCE}"', str(int(NOW)), "true"),
    *("false", "null", "NaN", "1e999", "[]", "{}", "\\u0000", "\\ud800", "\\u202e", "@", "\0"),
    *('"keys":', '"kty":', '"crv":', '"OKP"', '"EC"', '"RSA"', '"P-256"', '"Ed25519"', '"x":'),
    *('"y":', '"n":', '"e":', '"AQAB"', '"d":', '"use":', '"sig"', '"key_ops":', '"verify"'),
)


def key_of(number: int) -> dict[str, OKPKey | ECKey]:
    """The same two keys for the same number: inputs must mean the same in each run."""
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    elliptic = ec.derive_private_key(number, ec.SECP256R1())
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "ed": OKPKey.import_key(edwards.private_bytes(*form)),
        "ec": ECKey.import_key(elliptic.private_bytes(*form)),
    }


OWN, FOREIGN = key_of(1), key_of(2)

GOOD_HEADER = {"alg": "EdDSA", "kid": "ed"}
GOOD_CLAIMS = {
    "iss": URL,
    "sub": "jane",
    "aud": AUDIENCE,
    "iat": int(NOW),
    "exp": int(NOW) + 600,
    "email": "jane@example.com",
    "groups": ["admins"],
}
GOOD = compact(GOOD_HEADER, GOOD_CLAIMS, OWN["ed"], "EdDSA")


class Field:
    """A verifier that trusts one issuer, with its keys already fetched."""

    def __init__(self, loop: asyncio.Runner, issuers: TrustedIssuers) -> None:
        self._loop = loop
        self._issuers = issuers

    def ask(self, token: str) -> ProvenPerson | Denial:
        """What the verifier says, checked for what must hold of every answer."""
        answer = self._loop.run(self._issuers.prove(token))
        assert self._loop.run(self._issuers.prove(token)) == answer
        if isinstance(answer, Denial):
            assert answer.code in CODES, answer
            assert answer.detail.isprintable(), answer
            assert len(answer.detail) < LONGEST_DETAIL, answer
        else:
            sound(answer.person)
        return answer

    def one(self, data: bytes) -> None:
        """Raises AssertionError, or what must never leave the verifier."""
        kind, rest = data[:1], data[1:]
        header, _, payload = rest.partition(b"\0")
        match kind:
            case b"k":
                key_set(rest)
            case b"g":
                self.genuine(header, payload)
            case b"e":
                for key, algorithm in ALGORITHMS.items():
                    token = compact(header, payload, FOREIGN[key], algorithm)
                    assert isinstance(self.ask(token), Denial)
            case b"s":
                signature = GOOD.rpartition(".")[2]
                token = f"{base64url(header)}.{base64url(payload)}.{signature}"
                assert isinstance(self.ask(token), Denial) or token == GOOD
            case b"t":
                token = edited(GOOD, rest)
                assert isinstance(self.ask(token), Denial) or token == GOOD
            case _:
                token = rest.decode("utf-8", "surrogateescape")
                assert isinstance(self.ask(token), Denial) or token == GOOD

    def genuine(self, header: bytes, payload: bytes) -> None:
        """The issuer signs anything; what is taken must be what a plain reading of it says."""
        for kid, algorithm in ALGORITHMS.items():
            answer = self.ask(compact(header, payload, OWN[kid], algorithm))
            if isinstance(answer, Denial):
                continue
            said = json.loads(header, object_pairs_hook=once)
            assert said["alg"] == algorithm
            assert said.get("kid", kid) == kid
            assert not {"crit", "b64"} & said.keys()
            claims = json.loads(payload, object_pairs_hook=once)
            assert claims["iss"] == URL
            assert claims["aud"] in (AUDIENCE, [AUDIENCE] * len(claims["aud"]))
            assert claims.get("azp", AUDIENCE) == AUDIENCE
            assert claims["exp"] > NOW - 10
            assert max(claims["iat"], claims.get("nbf", 0)) <= NOW + 10
            person = answer.person
            assert (person.identity.issuer, person.identity.subject) == (URL, claims["sub"])
            groups = claims.get("groups", [])
            assert set(person.groups) == set([groups] if isinstance(groups, str) else groups)
            assert person.email in ("", claims.get("email"))
            assert not person.email or claims.get("email_verified", True) is True


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def edited(token: str, edits: bytes) -> str:
    """Each three bytes: a place (two of them), and a character to be put there; 0 cuts it out."""
    for at in range(0, len(edits) - 2, 3):
        place = int.from_bytes(edits[at : at + 2], "big") % (len(token) + 1)
        new = chr(edits[at + 2]) if edits[at + 2] else ""
        token = token[:place] + new + token[place + 1 :]
    return token


def sound(person: Person) -> None:
    """What holds of everybody who was named by a token."""
    texts = (person.identity.subject, person.username, person.email, person.connector)
    for text in (*texts, person.user_id, *person.groups):
        assert text.isprintable()
    assert person.identity.subject
    assert person.username
    assert person.groups == tuple(sorted(set(person.groups)))
    for name in (readable_account_name(person), hashed_account_name(person)):
        assert 0 < len(name) <= ACCOUNT_NAME_LENGTH
        assert name.strip("-") == name
        assert name.replace("-", "a").isalnum()
        assert name == name.lower()
        assert name.isascii()


def key_set(document: bytes) -> None:
    """Only sound public keys get in, and none of them has signed a good token but the issuer's."""
    try:
        keys = read_key_set(document).keys
    except NotAKeySet as error:
        assert str(error).isprintable()
        assert len(str(error)) < LONGEST_DETAIL
        return
    good = read_token(GOOD)
    assert isinstance(good, UnverifiedToken)
    for key in keys:
        if isinstance(key._key, RSAKey):
            assert MIN_RSA_BITS <= key._key.public_key.key_size <= MAX_RSA_BITS
        assert not key._key.is_private
        for algorithm in JWSRegistry.algorithms:
            if algorithm in ("EdDSA", "ES256") and key.fits(algorithm):
                is_own = key.thumbprint == OWN["ed"].thumbprint()
                verified = key.verifies(algorithm, good.signing_input, good.signature)
                assert verified == (is_own and algorithm == "EdDSA")


@contextmanager
def ready() -> Iterator[Callable[[bytes], None]]:
    """The target, its issuer served on loopback meanwhile."""
    with asyncio.Runner() as loop:
        server = local_issuer(OWN["ed"])
        issuer = loop.run(server.__aenter__())
        issuer.publish(*(public(OWN[kid], kid=kid) for kid in OWN))
        issuer.discovery = {"issuer": URL}
        trusted = TrustedIssuer(
            URL,
            frozenset({AUDIENCE}),
            frozenset(ALGORITHMS.values()),
            discovery_url=f"{issuer.url}/.well-known/openid-configuration",
        )

        async def trust() -> tuple[aiohttp.ClientSession, TrustedIssuers]:
            session = aiohttp.ClientSession(trust_env=False)
            return session, TrustedIssuers([trusted], session, Clock())

        session, issuers = loop.run(trust())
        field = Field(loop, issuers)
        assert isinstance(field.ask(GOOD), ProvenPerson)
        yield field.one
        loop.run(issuers.close())
        loop.run(session.close())
        loop.run(server.__aexit__(None, None, None))
