# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The wheel odoo-addon-scoped_apikey: the addon as odoo/addons/scoped_apikey, as OCA's wheels have it."""

import ast
from pathlib import Path

from setuptools import find_namespace_packages, setup

ADDON = "scoped_apikey"
PACKAGE = f"odoo.addons.{ADDON}"
manifest = ast.literal_eval(Path(ADDON, "__manifest__.py").read_text())
# Every folder, so that views and the like come along.
folders = find_namespace_packages(ADDON, exclude=["*__pycache__*"])
packages = [PACKAGE, *(f"{PACKAGE}.{folder}" for folder in folders)]

setup(
    name=f"odoo-addon-{ADDON}",
    version=manifest["version"],
    description=manifest["summary"],
    long_description=Path("README.md").read_text()
    if Path("README.md").exists()
    else "",
    long_description_content_type="text/markdown",
    author=manifest["author"],
    license="LGPL-3.0-or-later",
    url=manifest.get("website", ""),
    classifiers=[
        "Framework :: Odoo",
        "Framework :: Odoo :: 19.0",
        "Programming Language :: Python",
    ],
    python_requires=">=3.10",
    install_requires=["odoo==19.0.*"],
    # For the option scoped_apikey_redis. Before 5.0.8 no timeout holds on a socket of Unix.
    extras_require={"redis": ["redis>=5.0.8"]},
    packages=packages,
    package_dir={PACKAGE: ADDON},
    package_data={package: ["*"] for package in packages},
)
