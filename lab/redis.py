# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Redis servers: the program on PATH, or Debian's or Ubuntu's, unpacked and not installed.

None is fetched or started before a test or a benchmark asks for one.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from .apt import Apt
from .console import last_line, say
from .errors import LabError
from .home import HOME, folder
from .lock import exclusive

PROGRAM = "redis-server"
PACKAGES = ["redis-server", "redis-tools"]  # the one has links to files of the other
UNPACKED = HOME / "redis"
READY_WITHIN = 30  # seconds
STOPPED_WITHIN = 10
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
            process.wait(STOPPED_WITHIN)
    except (OSError, ValueError, psutil.Error):
        pass  # it has ended already


class RedisServer:
    """A Redis of its own, empty each time that it starts; a context manager.

    It listens on a socket that is open to this account only.
    """

    def __init__(self):
        self._folder = None
        self._process = None

    @property
    def url(self) -> str:
        """Where it answers, as clients of Redis take it."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def start(self) -> None:
        """Start it, and wait until it answers.

        :raise LabError: it ends, or does not answer in time
        """
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._variables},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it. Does nothing if it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

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
        self._log = folder("run", self._folder.name) / "redis.log"
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

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        problem = "no answer yet"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                problem = f"ended with status {self._process.returncode}"
                break
            try:
                if self._answers():
                    return
            except OSError as error:
                problem = str(error)
            time.sleep(0.02)
        raise LabError(
            f"Redis does not answer ({problem}): {last_line(self._log)}. See {self._log}."
        )

    def _answers(self) -> bool:
        # By hand: ``lab.release`` has to do without what an older environment lacks.
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(READY_WITHIN)
            connection.connect(str(self._socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(100).startswith(b"+PONG")


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
