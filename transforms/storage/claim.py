"""One output, one run: a run claims its folder before it changes anything there.

The claim is a file that is created only where none lies, and says who holds it. It goes when its run ends,
well or not; what a killed process leaves is taken over by the next run on the same machine, where it can be
seen that the process is gone. The claim of another machine, or of a runner that goes on without its launcher,
can't be judged from here: it stands until somebody removes the file. Imports no Beam.
"""

import getpass
import os
import socket
import uuid
from pathlib import Path
from typing import NamedTuple

import msgspec

from wellspring.schemas.encoding import json_bytes, utc_now
from wellspring.transforms.storage.storage import UNFINISHED, Storage, open_storage

FOLDER_CLAIM = f"{UNFINISHED}/claim.json"
_ATTEMPTS = 100
_held: set[str] = set()
"""Ids of the claims that this process holds."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A process as no other one ever is: its number is given again, its start isn't."""

    pid: int
    started: str | None
    """In the kernel's ticks since the machine started; null where the system doesn't say."""
    boot: str | None
    namespace: str | None
    """Of the numbers: a container has its own."""
    host: str
    machine: str | None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds an output, since when."""

    id: str
    job: str
    user: str
    since: str
    process: Process
    runner: str | None = None
    """Another than the local one: the work may outlive the process that started it."""
    runner_job: str | None = None


class ClaimPlace(NamedTuple):
    """Where the claim of an output lies."""

    storage: Storage
    path: str
    output: str

    @property
    def file(self) -> str:
        """Under which somebody finds it who is to remove it."""
        folder = self.output if self.path == FOLDER_CLAIM else self.output.rpartition("/")[0]
        return f"{folder.rstrip('/')}/{self.path}"


def folder_claim(folder: str) -> ClaimPlace:
    """That of a folder lies in it: a folder has one, by whatever links it is reached."""
    name = _one_name(folder)
    return ClaimPlace(open_storage(name), FOLDER_CLAIM, name)


def file_claim(file: str) -> ClaimPlace:
    """That of a file lies beside it."""
    name = _one_name(file)
    folder, _, last = name.rpartition("/")
    return ClaimPlace(open_storage(folder or "/"), f".{last}.claim", name)


def _one_name(path: str) -> str:
    return path if "://" in path else os.path.realpath(path)


class ClaimedError(RuntimeError):
    """Another run holds the output; one line that says which."""


class ClaimLostError(RuntimeError):
    """The output isn't this run's any more: another may have written there."""


def take_claim(place: ClaimPlace, job: str, *, runner: str | None = None) -> Claim:
    """Claims an output, of which nobody holds a claim that may be alive; of several who try one succeeds.

    Args:
        runner: None for work that ends with this process.

    Raises:
        ClaimedError: somebody holds it.
        OSError: the file can't be written.
    """
    claim = Claim(
        id=uuid.uuid4().hex,
        job=job,
        user=_user(),
        since=utc_now(),
        process=this_process(),
        runner=runner,
    )
    _held.add(claim.id)  # before anybody can read it and ask
    try:
        _take(place, _encoded(claim))
    except BaseException:
        _held.discard(claim.id)
        raise
    return claim


def _take(place: ClaimPlace, content: bytes) -> None:
    storage, path = place.storage, place.path
    for _ in range(_ATTEMPTS):
        try:
            storage.create(path, content)
            return
        except FileExistsError:
            pass
        except FileNotFoundError:
            continue  # its folder went with another's claim
        try:
            there = storage.read(path)
        except FileNotFoundError:
            continue
        _refuse_living(place, there)
        if storage.exchange(path, there, content):
            return
    raise ClaimedError(f"{place.output} is claimed and let go all the time: try again")


def refuse_claimed(place: ClaimPlace) -> None:
    """Whether nobody holds an output, for those who only ask.

    Raises:
        ClaimedError: somebody does.
    """
    try:
        there = place.storage.read(place.path)
    except FileNotFoundError:
        return
    _refuse_living(place, there)


def _refuse_living(place: ClaimPlace, content: bytes) -> None:
    """Whether a claim may be taken over.

    Raises:
        ClaimedError: whoever holds it lives, or may live.
    """
    try:
        claim = msgspec.json.decode(content, type=Claim)
    except msgspec.DecodeError as error:
        raise ClaimedError(f"{place.output} is claimed, but {place.file} can't be read: remove it") from error
    alive = is_alive(claim)
    if alive:
        raise ClaimedError(
            f"{place.output} is being written by {_who(claim)}: wait for its end, or name another output"
        )
    if alive is None:
        raise ClaimedError(
            f"{place.output} is claimed by {_who(claim)}, and whether that still works can't be seen from "
            f"here: if it has ended, remove {place.file} and start again"
        )


def hand_over(place: ClaimPlace, claim: Claim, runner_job: str) -> None:
    """Leaves a claim to a job that its runner goes on with when this process has ended."""
    handed = msgspec.structs.replace(claim, runner_job=runner_job)
    # It isn't there any more where the job is so short that it has ended.
    place.storage.exchange(place.path, _encoded(claim), _encoded(handed))


def let_go(place: ClaimPlace, id: str) -> None:
    """Removes a claim, if it is still there and this one."""
    _held.discard(id)
    if (there := _read(place)) and there[1].id == id:
        place.storage.exchange(place.path, there[0], None)


def holds_claim(place: ClaimPlace, id: str) -> bool:
    """Whether a claim is still there and this one."""
    there = _read(place)
    return there is not None and there[1].id == id


def check_claim(place: ClaimPlace, id: str) -> None:
    """Whether a claim is still the one that was made.

    Raises:
        ClaimLostError: it is gone, or another's.
    """
    there = _read(place)
    if there is None:
        raise ClaimLostError(
            f"{place.output}: this run's claim was removed while it ran, so another may have written there: "
            "it is not finished; run it again"
        )
    if there[1].id != id:
        raise ClaimLostError(f"{place.output} was taken over by {_who(there[1])}: this run ends unfinished")


def _read(place: ClaimPlace) -> tuple[bytes, Claim] | None:
    """A claim's file and what it says; None where there is none that can be read."""
    try:
        content = place.storage.read(place.path)
        return content, msgspec.json.decode(content, type=Claim)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def is_alive(claim: Claim) -> bool | None:
    """Whether whoever made a claim still works; None where that can't be seen from here."""
    if claim.runner is not None:
        return None
    process, here = claim.process, this_process()
    # Where the system names neither, the name of the machine must do.
    same_numbers = (process.boot, process.namespace) == (here.boot, here.namespace)
    if same_numbers and (here.boot is not None or process.host == here.host):
        if (process.pid, process.started) == (here.pid, here.started):
            return claim.id in _held  # one that could not be removed is nobody's
        return _runs(process)
    same_machine = process.host == here.host and process.machine == here.machine is not None
    if same_machine and None not in (process.boot, here.boot) and process.boot != here.boot:
        return False  # the machine was started again since
    return None


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(
        pid=pid,
        started=_started(pid),
        boot=_line("/proc/sys/kernel/random/boot_id"),
        namespace=_link("/proc/self/ns/pid"),
        host=socket.gethostname(),
        machine=_line("/etc/machine-id"),
    )


def _runs(process: Process) -> bool:
    """Whether a process of this machine still runs: another of the same number is not it."""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return process.started is None or _started(process.pid) == process.started


def _started(pid: int) -> str | None:
    """When a process started; None for one that has ended, where the system doesn't say, too."""
    line = _line(f"/proc/{pid}/stat")
    if line is None:
        return None
    # The name, in parentheses, may hold anything. After it: state, parent, ..., start as the 20th.
    fields = line.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _line(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _link(path: str) -> str | None:
    try:
        return str(Path(path).readlink())
    except OSError:
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in containers
        return str(os.getuid())


def _who(claim: Claim) -> str:
    words = [f"process {claim.process.pid} on {claim.process.host}", f"user {claim.user}"]
    if claim.runner is not None:
        words.append(f"{claim.runner} job {claim.runner_job}" if claim.runner_job else claim.runner)
    return f"`wellspring {claim.job}` ({', '.join(words)}, since {claim.since})"


def _encoded(claim: Claim) -> bytes:
    return json_bytes(claim, indent=1) + b"\n"
