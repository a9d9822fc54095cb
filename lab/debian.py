# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Debian's package of Odoo, unpacked and made whole, not installed."""

import shutil
from pathlib import Path

from xstatic.pkg import font_awesome

from .apt import Apt, debian_mirrors, debian_sources
from .console import say
from .errors import LabError

SUITE = "sid"
# The package depends on these for its web client, and links to their files.
WEB_CLIENT = [
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
]
# It also links to fonts-font-awesome, which no longer is the 4.7 that Odoo's styles are
# made for. That comes from the Python package XStatic-Font-Awesome.
# Files that Odoo's bundles name, and that Debian leaves out as not free.
LEFT_OUT = ["mail/static/lib/selfie_segmentation/selfie_segmentation.js"]


def odoo(target: Path, package: str) -> Path:
    """Have Odoo below ``target``; what an earlier run left unfinished there is done again.

    :return: the folder that holds the package ``odoo``
    :raise LabError: there is no such package to be had
    """
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        apt = _archive(target.with_name(f"{target.name}.apt"))
        apt.unpack([package, *WEB_CLIENT], unfinished)
        _complete(unfinished)
        unfinished.rename(target)
        apt.forget()
    return target / "usr" / "lib" / "python3" / "dist-packages"


def _archive(home: Path) -> Apt:
    tried = []
    for mirror in debian_mirrors():
        say(f"Odoo comes from Debian {SUITE}, by this machine's source {mirror}")
        try:
            apt = Apt(home, debian_sources(mirror, SUITE))
            apt.update()
            return apt
        except LabError as error:
            tried.append(f"{error}")
    raise LabError(
        "\n".join([*tried, "No source of this machine's apt is Debian's archive."])
    )


def _complete(root: Path) -> None:
    """Give the package the files it lacks, and say which are still missing."""
    fonts = Path(font_awesome.BASE_DIR, "fonts")
    shutil.copytree(fonts, root / "usr" / "share" / "fonts-font-awesome" / "fonts")
    addons = root / "usr" / "lib" / "python3" / "dist-packages" / "odoo" / "addons"
    for name in LEFT_OUT:
        (addons / name).parent.mkdir(parents=True, exist_ok=True)
        (addons / name).touch()
    for path in (addons / "web").rglob("*"):
        if path.is_symlink() and not path.exists():
            say(
                f"Odoo's web client lacks {path.relative_to(addons)}: Debian {SUITE} has it no longer."
            )
