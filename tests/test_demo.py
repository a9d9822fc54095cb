# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What ``make demo`` shows ends as it says, on a server that has just started."""

from lab import demo


def test_demo(server, database, capsys):
    assert demo.run(server(database), database), capsys.readouterr().out
