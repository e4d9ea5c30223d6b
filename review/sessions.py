"""Who looks at the page: a session a browser, held in memory and gone when the server stops."""

import secrets
import threading
from collections import OrderedDict
from typing import NamedTuple

_MOST_SESSIONS = 200


class Settled(NamedTuple):
    """A batch that was just decided upon, so that it can be undone at once: its run, id and number."""

    run: str
    batch_id: str
    seen: int


class Session:
    """One browser's: what proves that a form is ours, marked documents, and what to say on the next page."""

    def __init__(self) -> None:
        self.csrf = secrets.token_urlsafe(24)
        self.notice = ""
        self.just_settled: list[Settled] = []
        self._marks: dict[tuple[str, str], set[int]] = {}

    def marks(self, run: str, batch_id: str) -> set[int]:
        """The documents of a batch that are marked for rejection, by their place in the order of ids."""
        return self._marks.setdefault((run, batch_id), set())

    def clear_marks(self, run: str, batch_id: str) -> None:
        self._marks.pop((run, batch_id), None)

    def take_notice(self) -> tuple[str, list[Settled]]:
        """What the next page says once, and the decisions that it offers to undo."""
        said, settled = self.notice, self.just_settled
        self.notice, self.just_settled = "", []
        return said, settled


class Sessions:
    """The sessions of one server. May be used by several threads."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def start(self) -> str:
        """Begins a session and returns its secret name; past 200 the one not used for longest ends."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._sessions[name] = Session()
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return name

    def find(self, name: str) -> Session | None:
        """The session of that name: 144 random bits, so that looking it up tells nothing of others."""
        with self._lock:
            session = self._sessions.get(name)
            if session is not None:
                self._sessions.move_to_end(name)
            return session
