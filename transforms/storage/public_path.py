"""Paths, and texts with paths in them, as they may be written down: without what opens them."""

import re

_USERINFO = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"([?&;][^=&;#]*(?:sig|token|key|secret|password|passwd|credential|auth)[^=&;#]*=)[^&;#]*", re.IGNORECASE
)


def public_path(path: str) -> str:
    """The path without a URL's user and password, and without the values of its query that look like
    keys (those of signed links); a path that is no URL as it is.

    What a run writes (documents, rejects, manifest, messages) names files by it.
    """
    if "://" not in path:
        return path
    return _SECRET_VALUE.sub(r"\1...", _USERINFO.sub(r"\1", path))


def public_text(text: str) -> str:
    """A message, each URL in it as `public_path` writes it: clients put the one that failed into theirs."""
    return _URL.sub(lambda url: public_path(url[0]), text)
