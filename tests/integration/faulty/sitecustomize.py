"""A fault in a worker process: Python imports this file at its start where its folder is on the path.

FAULT names a function (`module:name`); at its call number FAULT_AT in a process the fault happens there.
FAULT_MARK is a file that is created by then: of several processes one alone has the fault, and once.
"""

import os
import signal
import sys
import threading
import time
from importlib import import_module
from typing import Any


def _fault() -> None:
    try:
        os.close(os.open(os.environ["FAULT_MARK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if os.environ.get("FAULT_KIND") == "hang":
        time.sleep(3600)
    os.kill(os.getpid(), signal.SIGKILL)


def _install(place: str, at: int) -> None:
    module_name, _, name = place.partition(":")
    module = import_module(module_name)
    true = getattr(module, name)
    calls = 0
    lock = threading.Lock()

    def faulty(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        with lock:
            calls += 1
            mine = calls == at
        if mine:
            _fault()
        return true(*args, **kwargs)

    setattr(module, name, faulty)


if "FAULT" in os.environ and any("sdk_worker" in part for part in sys.orig_argv):
    _install(os.environ["FAULT"], int(os.environ.get("FAULT_AT", "1")))
