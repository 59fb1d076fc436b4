"""A browser for `BROWSER`: follows an address through Dex's form over HTTP, as the person whose
e-mail address and password are in its environment. Keeps a log of the addresses it was started with.

    BROWSER="python form_browser.py %s" WHO=janedoe@example.com PASSWORD=… LOG=file
"""

import html
import http.cookiejar
import os
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path


def browse(url: str, who: str, password: str) -> str:
    """Log in from an authorization request on; the last page. Raises HTTPError as it is met."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar)
    )
    with opener.open(url, timeout=30) as page:
        text, at = page.read().decode(), page.url
    form = re.search(r'<form[^>]*action="([^"]*)"', text)
    action = urllib.parse.urljoin(at, html.unescape(form[1])) if form else at
    data = urllib.parse.urlencode({"login": who, "password": password}).encode()
    with opener.open(action, data, timeout=90) as page:
        return str(page.read().decode())


if __name__ == "__main__":
    environment = os.environ
    with Path(environment["LOG"]).open("a") as log:
        log.write(sys.argv[1] + "\n")
    if environment.get("WHO"):
        browse(sys.argv[1], environment["WHO"], environment["PASSWORD"])
