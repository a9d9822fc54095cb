# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Redis servers: the program on PATH, or Debian's or Ubuntu's, unpacked and not installed.

None is fetched or started before a test or a benchmark asks for one.
"""

import os
import re
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import psutil

from .apt import Apt
from .console import say
from .errors import LabError
from .home import HOME, folder
from .lock import exclusive
from .service import Service

PROGRAM = "redis-server"
PACKAGES = ["redis-server", "redis-tools"]  # the one has links to files of the other
UNPACKED = HOME / "redis"
# Folders are named after the process that they go with. They are not in the lab's home,
# which may be too deep for a socket's name.
FOLDERS = f"lab-redis-{os.geteuid()}"
OWN = re.compile(rf"{FOLDERS}-([0-9]+)-.*")


def remove_abandoned() -> None:
    """End servers whose process is gone, and remove their folders."""
    for path in Path(tempfile.gettempdir()).glob(f"{FOLDERS}-*"):
        own = OWN.fullmatch(path.name)
        if own and not psutil.pid_exists(int(own[1])):
            _end(path)
            shutil.rmtree(path, ignore_errors=True)


def _end(path: Path) -> None:
    try:
        process = psutil.Process(int((path / "pid").read_text()))
        if Path(process.cwd()) == path.resolve():  # the number may be another's by now
            process.kill()
            process.wait(RedisServer.stopped_within)
    except (OSError, ValueError, psutil.Error):
        pass  # it has ended already


class RedisServer(Service):
    """A Redis of its own, empty each time that it starts; a context manager.

    It listens on a socket that is open to this account only.
    """

    name = "Redis"

    @property
    def url(self) -> str:
        """Where it answers, as clients of Redis take it."""
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def start(self) -> None:
        """Start it, and wait until it answers.

        :raise LabError: it ends, or does not answer in time
        """
        self._launch(self._command, self._variables, lambda: self._await(self._ping))

    def suspend(self) -> None:
        """Have it answer no more. Whoever connects still gets through to it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on after ``suspend``, first of all with what was asked meanwhile."""
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> "RedisServer":
        remove_abandoned()
        program, self._variables = _program()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}-{os.getpid()}-"))
        self.log = folder("run", self._folder.name) / "redis.log"
        options = {
            "port": "0",  # none
            "unixsocket": self._socket,
            "unixsocketperm": "700",
            "dir": self._folder,
            "pidfile": self._folder / "pid",
            "daemonize": "no",
            "supervised": "no",
            "save": "",
            "appendonly": "no",
        }
        self._command = [program]
        for name, value in options.items():
            self._command += [f"--{name}", str(value)]
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(self, *_error) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _ping(self) -> None:
        # By hand: ``lab.release`` has to do without what an older environment lacks.
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self.ready_within)
            connection.connect(str(self._socket))
            connection.sendall(b"PING\r\n")
            answer = connection.recv(100)
        if not answer.startswith(b"+PONG"):
            raise OSError(f"it answers {answer!r}")


def _program() -> tuple:
    """The path of the program, and the variables that it needs in ``os.environ``.

    :raise LabError: there is none to be had
    """
    variables = {"LC_ALL": "C"}  # it refuses a locale that the machine does not have
    if found := shutil.which(PROGRAM):
        return found, variables
    with exclusive(HOME / "redis.lock"):
        if not UNPACKED.exists():
            _unpack()
    libraries = {str(path.parent) for path in UNPACKED.rglob("*.so*")}
    variables["LD_LIBRARY_PATH"] = ":".join(sorted(libraries))
    return str(UNPACKED / "usr" / "bin" / PROGRAM), variables


def _unpack() -> None:
    """Have it below the lab's home, with the libraries that this machine lacks."""
    say(f"There is no {PROGRAM} on PATH: it comes from this machine's sources of apt")
    unfinished = UNPACKED.with_name(f"{UNPACKED.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        apt = Apt(UNPACKED.with_name(f"{UNPACKED.name}.apt"))
        _update(apt)
        apt.unpack(apt.lacking(PACKAGES), unfinished)
    except LabError as error:
        raise LabError(
            f"{error}\nNo Redis: install {PROGRAM}, so that it is on PATH."
        ) from error
    unfinished.rename(UNPACKED)
    apt.forget()


def _update(apt: Apt) -> None:
    try:
        apt.update()
    except LabError as error:
        say(f"{error}\nIt may be a source that Redis does not come from.")
