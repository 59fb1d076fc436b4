"""What a running program says of itself, as files of docs/reference/: `python -m tests.docs.served` writes them."""

import json
import re
import tempfile
import urllib.request
from pathlib import Path

from jwt_to_rbac.sandbox import start
from tests.support.cluster import install
from tests.support.configuration import configuration
from tests.support.server import running_server

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
HEAD = """\
<!-- Made of what `GET /metrics` says, by `make reference`. -->
# Metrics
`GET /metrics`, for Prometheus. Labels never hold a person or what a client chose. Alerts on them, each with a
[runbook](../runbooks.md), and a Grafana dashboard are in the chart.

| metric | kind | meaning |
| --- | --- | --- |
"""
METRIC = re.compile(r"# HELP (jwt_to_rbac_\S+) (.+)\n# TYPE \S+ (\w+)")


def texts(url: str) -> dict[str, str]:
    """Each file's name, and its text by the program that serves `url`."""
    document = json.loads(_get(f"{url}/openapi.json"))
    # `_created` are the client library's own timestamps beside each counter.
    metrics = [one for one in METRIC.findall(_get(f"{url}/metrics")) if "_created" not in one[0]]
    rows = [f"| `{name}` | {kind} | {meaning} |" for name, meaning, kind in sorted(metrics)]
    return {
        "openapi.json": json.dumps(document, indent=1) + "\n",
        "metrics.md": HEAD + "\n".join(rows) + "\n",
    }


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:
        text: str = reply.read().decode()
        return text


def main() -> None:
    with start() as sandbox, tempfile.TemporaryDirectory() as name:
        install(sandbox)
        issuers = {sandbox.issuer: sandbox.client_id}
        config = configuration(sandbox.kubeconfig, "stdout", issuers)
        with running_server(config, Path(name)) as server:
            for file, text in texts(server.url).items():
                (FOLDER / file).write_text(text)


if __name__ == "__main__":
    main()
