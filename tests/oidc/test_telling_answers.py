"""How issuers answered is told to whoever counts, by host and status."""

import aiohttp
import pytest

from jwt_to_rbac.oidc.answers import told

from .local_issuer import LocalIssuer


async def test_each_answer_is_told_with_its_host_and_status(issuer: LocalIssuer) -> None:
    heard: list[tuple[str, str]] = []
    tell = told(lambda host, status: heard.append((host, status)))
    host = issuer.url.removeprefix("http://").removesuffix("/dex")
    async with aiohttp.ClientSession(trust_env=False, trace_configs=[tell]) as session:
        async with session.get(f"{issuer.url}/keys") as answer:
            assert answer.status == 200
        async with session.get(f"{issuer.url}/nothing") as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://{host}/keys", ssl=True, proxy="http://127.0.0.1:1")
    assert heard == [(host, "200"), (host, "404"), (host, "error")]
