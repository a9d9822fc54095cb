# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""apt-get without root: its state in a folder of its own, and nothing installed."""

import re
import shutil
import subprocess
from pathlib import Path

from .console import run
from .errors import LabError

KEYRINGS = [
    Path(f"/usr/share/keyrings/debian-archive-keyring.{ending}")
    for ending in ("pgp", "gpg")
]
INSTALLED = Path("/var/lib/dpkg/status")


class Apt:
    """Packages to download and unpack, from the machine's own sources or from others.

    :param home: folder for its lists and downloads
    :param sources: text of a deb822 sources file; none: the machine's own
    :raise LabError: the machine has no apt
    """

    def __init__(self, home: Path, sources: str | None = None):
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise LabError("This machine has no apt-get, or no dpkg.")
        self._home = home
        self._downloads = home / "downloads"
        for part in ("state/lists/partial", "cache/archives/partial", "downloads"):
            (home / part).mkdir(parents=True, exist_ok=True)
        (home / "status").touch()
        options = {
            "Dir::State": home / "state",
            "Dir::State::Lists": home / "state" / "lists",
            "Dir::State::Status": home / "status",
            "Dir::Cache": home / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        if sources is not None:
            (home / "lab.sources").write_text(sources)
            options |= {
                "Dir::Etc::SourceList": home / "lab.sources",
                "Dir::Etc::SourceParts": "-",
                "Dir::Etc::Preferences": "/dev/null",
                "Dir::Etc::PreferencesParts": "-",
            }
        self._command = [
            "apt-get",
            "-q",
            *(f"-o{name}={value}" for name, value in options.items()),
        ]

    def update(self) -> None:
        """Fetch the lists of packages. :raise LabError: a source cannot be read"""
        run(
            "Reading package lists",
            [*self._command, "update", "--error-on=any"],
            self._home / "update.log",
        )

    def unpack(self, packages: list, into: Path) -> None:
        """Download packages and lay out their files below ``into``. What was downloaded is kept.

        :raise LabError: one cannot be had
        """
        run(
            f"Downloading {' '.join(packages)}",
            [*self._command, "download", *packages],
            self._home / "download.log",
            cwd=self._downloads,
        )
        for package in packages:
            newest = max(
                self._downloads.glob(f"{package}_*.deb"),
                key=lambda path: path.stat().st_mtime,
            )
            run(
                f"Unpacking {package}",
                ["dpkg-deb", "-x", newest, into],
                self._home / "unpack.log",
            )

    def lacking(self, packages: list) -> list:
        """Those packages, and all that they need and this machine has not installed.

        :raise LabError: they cannot be had, or not beside what is installed
        """
        log = self._home / "lacking.log"
        run(
            f"Looking for what {' '.join(packages)} needs",
            [
                *self._command,
                f"-oDir::State::Status={INSTALLED}",
                "install",
                "--simulate",
                "--no-install-recommends",
                *packages,
            ],
            log,
        )
        needed = re.findall(r"^Inst (\S+)", log.read_text(), re.MULTILINE)
        return list(dict.fromkeys([*packages, *needed]))

    def forget(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self._home)


def debian_mirrors() -> list:
    """Addresses in the machine's own sources that may hold Debian's archive.

    Whether one really does, apt finds out: what it gets must be signed by Debian.
    """
    if not (shutil.which("apt-get") and _keyring()):
        return []
    answer = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
    )
    uris = dict.fromkeys(answer.stdout.split())
    return [uri for uri in uris if "debian" in uri.lower() and "security" not in uri]


def debian_sources(mirror: str, suite: str) -> str:
    """Text of a deb822 sources file for Debian's main archive at that mirror."""
    return (
        f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n"
        f"Targets: Packages\nSigned-By: {_keyring()}\n"
    )


def _keyring():
    return next((path for path in KEYRINGS if path.exists()), None)
