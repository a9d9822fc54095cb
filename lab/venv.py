# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The virtual environment. Standard library only: it runs before anything is installed."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .apt import Apt
from .console import run, say
from .errors import LabError
from .home import HOME, REPO, folder
from .lock import exclusive

OLDEST, NEWEST = (3, 10), (3, 13)
# One for each Python, so that runs on two of them do not disturb each other.
VENV = HOME / "venv-{}.{}".format(*sys.version_info)
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Odoo is imported through this folder, whatever place it comes from (see source.py).
IMPORTABLE = HOME / "python"
BASE_PYTHON = (
    "LAB_BASE_PYTHON"  # in os.environ: the Python that all this was started with
)


def enter() -> None:
    """Carry on inside the virtual environment, made first if need be.

    Replaces this process, and so does not return, unless it is in there already.

    :raise LabError: this Python will not do, or a package cannot be installed
    """
    if Path(sys.prefix) == VENV:
        return
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise LabError(
            f"Odoo 19 runs on Python {_dotted(OLDEST)} to {_dotted(NEWEST)}, and this is"
            f" {_dotted(sys.version_info[:2])}: name another, as in `make demo PYTHON=python3.12`."
        )
    with exclusive(HOME / "venv.lock"):
        if not _is_complete():
            _make()
    os.environ[BASE_PYTHON] = sys.executable
    os.chdir(REPO)
    os.execv(PYTHON, [str(PYTHON), "-m", "lab", *sys.argv[1:]])


def _is_complete() -> bool:
    """Whether it is there, and made from what it would be made from now."""
    return STAMP.exists() and STAMP.read_text() == _origin()


def _origin() -> str:
    return f"{sys.version} {sys.base_prefix} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"


def _make() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    log = folder("log") / "venv.log"
    run(
        "Making a virtual environment",
        [sys.executable, "-m", "venv", "--without-pip", VENV],
        log,
    )
    options = ["--disable-pip-version-check", "--prefer-binary", "--ignore-installed"]
    run(
        "Installing Python packages",
        [PYTHON, "-m", "pip", "install", *options, "pip", "-r", REQUIREMENTS],
        log,
        fix="See that pip can reach a package index, and run again.",
        env={**os.environ, "PYTHONPATH": _find_pip()},
    )
    packages = next(VENV.glob("lib/python*/site-packages"))
    packages.joinpath("lab.pth").write_text(f"{folder(IMPORTABLE.name)}\n")
    # Last of all: without it, the environment counts as unfinished.
    STAMP.write_text(_origin())


def _find_pip() -> str:
    """What to put on Python's path to have pip: a wheel, or a folder.

    The virtual environment would come with one, but Debian and Ubuntu have moved what it
    takes (ensurepip) to a package that may be missing. Then it is this Python's own pip,
    or Debian's, unpacked.

    :raise LabError: there is none
    """
    bundled = "import ensurepip, pathlib; print(*pathlib.Path(ensurepip.__file__).parent.rglob('pip-*.whl'))"
    own = "import pathlib, pip; print(pathlib.Path(pip.__file__).parents[1])"
    for question in (bundled, own):
        answer = subprocess.run(
            [sys.executable, "-c", question], capture_output=True, text=True
        )
        if place := answer.stdout.strip():
            return place
    try:
        apt = Apt(folder("pip"))
        apt.update()
        apt.unpack(["python3-pip-whl"], HOME / "pip" / "root")
        return str(next((HOME / "pip" / "root").rglob("pip-*.whl")))
    except (LabError, StopIteration) as error:
        say(str(error))
        raise LabError(
            f"{sys.executable} has no pip, and none was found: install it (on Debian and Ubuntu"
            " `apt-get install python3-venv`), or name another Python with PYTHON=."
        ) from error


def _dotted(version: tuple) -> str:
    return ".".join(map(str, version))
