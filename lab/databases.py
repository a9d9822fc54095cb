# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The lab's databases and their filestores, on the server that libpq's variables name.

All their names begin alike, so that several labs can share a server. What follows says
which it is: ``t`` a template, ``u`` one that is not finished, ``p`` and a number a copy,
made by the process of that number.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import time

import psutil
import psycopg2

from .home import HOME, folder
from .postgres import connect

PREFIX = f"lab_{hashlib.sha256(str(HOME).encode()).hexdigest()[:6]}_"
FILESTORES = HOME / "filestores"
DROPPED_WITHIN = 60  # seconds
KEPT = (
    3600  # seconds that a template is kept after its last use: another run may be at it
)


def names() -> list:
    """The names of all of them."""
    with connect() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        )
        return [name for (name,) in cursor.fetchall()]


def template_name(kind: str, digest: str) -> str:
    return f"{PREFIX}t_{kind}_{digest[:12]}"


def unfinished_name(kind: str) -> str:
    return f"{PREFIX}u_{kind}"


def exists(name: str) -> bool:
    return name in names() and (FILESTORES / name).is_dir()


def copy(template: str, name: str | None = None) -> str:
    """Copy a template. A copy without a name gets one, and goes with this process.

    :return: the copy's name
    """
    name = name or _own_name()
    os.utime(FILESTORES / template)
    # The files never change, they only come and go: a link to each will do.
    shutil.copytree(FILESTORES / template, FILESTORES / name, copy_function=os.link)
    with connect() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def create() -> str:
    """Make a database that has nothing of Odoo's, and goes with this process.

    :return: its name
    """
    name = _own_name()
    with connect() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return name


def drop(name: str) -> None:
    """Drop it, whoever is connected. It need not exist."""
    with connect() as cursor:
        with contextlib.suppress(psycopg2.Error):
            cursor.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE false')
        _drop_by_force(cursor, name)
    shutil.rmtree(FILESTORES / name, ignore_errors=True)


def _own_name() -> str:
    return f"{PREFIX}p{os.getpid()}_{secrets.token_hex(3)}"


def _drop_by_force(cursor, name: str) -> None:
    """Drop it, once PostgreSQL itself is not at work in it: that nobody may end by force."""
    deadline = time.monotonic() + DROPPED_WITHIN
    while True:
        try:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except psycopg2.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def drop_abandoned() -> None:
    """Drop copies whose process is gone, and templates that nobody uses any more."""
    for name in names():
        kind = name.removeprefix(PREFIX).partition("_")[0]
        if kind == "t":
            abandoned = _unused_for(name) > KEPT
        else:
            abandoned = kind[1:].isdigit() and not psutil.pid_exists(int(kind[1:]))
        if abandoned:
            drop(name)


def freeze(name: str, template: str) -> None:
    """Make a database a template, under that name, and let nobody in.

    A server that is not told which databases to serve runs the jobs of all that it can
    enter, and a database in use cannot be copied.
    """
    drop(template)
    folder(FILESTORES.name, name).rename(FILESTORES / template)
    with connect() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" RENAME TO "{template}"')
        cursor.execute(
            f'ALTER DATABASE "{template}" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false'
        )


def _unused_for(template: str) -> float:
    """Seconds since it was last copied."""
    try:
        return time.time() - (FILESTORES / template).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
