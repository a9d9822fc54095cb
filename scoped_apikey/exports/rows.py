# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The rows of an export, as the user may see them, a few thousand at a time."""

from contextlib import closing

from odoo.tools import SQL

BATCH = 5_000
CURSOR = SQL.identifier("scoped_apikey_export")


def query_of(model, domain, columns):
    """Write the statement that an export runs, newest first.

    :param model: an empty record of the log, with the user's rights
    :param Domain domain: what the rows have to meet
    :param columns: those of ``columns_of``
    :return: an ``SQL``, to which record rules have been added
    :raise AccessError: the user may not read the log, or a field of the domain
    """
    query = model._search(domain, order=model._order)
    return query.select(
        *(model._field_to_sql(model._table, column.name, query) for column in columns)
    )


def batches(registry, query, columns):
    """Run it on a cursor of the server, which is closed when this is, or is exhausted.

    The cursor has a connection of its own: it is needed for as long as the file is being
    sent, and Odoo closes a request's own before that.

    :param Registry registry: of the database
    :param SQL query: the statement
    :param columns: those of ``columns_of``
    :return: an iterator of lists of rows
    """
    shows = [column.show for column in columns]
    with closing(registry.cursor(readonly=True)) as cr:
        cr.execute(SQL("DECLARE %s NO SCROLL CURSOR FOR %s", CURSOR, query))
        while True:
            cr.execute(SQL("FETCH %s FROM %s", BATCH, CURSOR))
            batch = cr.fetchall()
            if not batch:
                return
            yield [
                [show(value) for show, value in zip(shows, row, strict=True)]
                for row in batch
            ]
