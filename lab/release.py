# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Gives back what the lab has outside its home: databases on a named server, or servers."""

import os

import psycopg2

from . import databases, embedded, redis


def release() -> None:
    if os.environ.get("PGHOST"):
        try:
            for name in databases.names():
                databases.drop(name)
        except psycopg2.OperationalError as error:
            print(f"The databases of this lab are still there: {error}")
    for name in embedded.names():
        embedded.Embedded(name).remove()
    redis.remove_abandoned()


if __name__ == "__main__":
    release()
