# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The ORM's own questions about access, asked once more while a scoped call runs.

Relies on: ``_check_access(operation)``, behind ``check_access``, ``has_access``,
``_filtered_access`` and so every search, read, create, write and unlink outside sudo;
``_check_field_access(field, operation)``, which raises where a field is asked for by name;
``_fetch_field(field)``, which reads an attribute that is not in memory;
``_determine_fields_to_fetch`` and ``_fetch_query``, between which fields are checked;
``_compute_field_value(field)``, in which fields are computed; ``_search`` and
``_order_to_sql``, which filter and sort by fields that nobody asked for;
``ir.rule._compute_domain(model_name, mode)``; ``allowed_company_ids`` in the context.

Not ``_has_field_access`` and not ``ir.model.access.check``: what they answer ends up in
menus and lists of fields. See ``caches`` for what else is cached.
"""

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.models import BaseModel

from ..policy.catalogue import COMPANIES
from ..policy.decide import Refusal
from ..rooms.records import check_record_rules
from ..rooms.wall import computing, full_wall, standing


class Base(models.AbstractModel):
    _inherit = "base"

    def _check_access(self, operation):
        wall = standing(self.env)
        if wall is not None:
            refusal = wall.refusal_of(self.env, self._name, operation)
            if refusal:
                return self, lambda: wall.error(self.env, refusal)
        return super()._check_access(operation)

    @api.model
    def _check_field_access(self, field, operation):
        result = super()._check_field_access(field, operation)
        if (wall := full_wall(self.env)) is not None:
            refusal = wall.refusal_of_field(self.env, self._name, operation, field.name)
            wall.enforce(self.env, refusal)
        return result

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe no field that may not be read."""
        descriptions = super().fields_get(allfields, attributes)
        wall = full_wall(self.env)
        if wall is None:
            return descriptions
        return {
            name: description
            for name, description in descriptions.items()
            if not wall.hides_field(self.env, self._name, name)
        }

    @api.model
    def _search(self, domain, *args, active_test=True, bypass_access=False, **kwargs):
        wall = full_wall(self.env)
        if wall is not None and not bypass_access:
            self._check_searched(wall, Domain(domain))
            if active_test and self.env.context.get("active_test", True):
                domain = self._hide_archived(Domain(domain))
                active_test = False
        return super()._search(
            domain,
            *args,
            active_test=active_test,
            bypass_access=bypass_access,
            **kwargs,
        )

    def _check_searched(self, wall, domain):
        """Refuse what a search method of its own may search nobody knows how.

        Stored fields are asked for when they become SQL.
        """
        for condition in domain.iter_conditions():
            name, _dot, beyond = condition.field_expr.partition(".")
            field = self._fields.get(name)
            if field is None or field.store or not field.search:
                continue
            self._check_field_access(field, "read")
            beyond = beyond or condition.operator.endswith(("any", "any!"))
            if beyond and field.relational and not field.related:
                resource = self.env["apikey.catalogue"]._resource(field.comodel_name)
                refusal = Refusal("unfiltered", resource, "read")
                wall.enforce(self.env, refusal)

    def _hide_archived(self, domain):
        """Hide archived records, though nothing grants the field that says so."""
        active = self._active_name
        if not active or any(
            condition.field_expr == active for condition in domain.iter_conditions()
        ):
            return domain
        shown = self.sudo()._search([(active, "=", True)])
        return domain & Domain("id", "in", shown)

    def _order_to_sql(self, order, query, alias=None, reverse=False):
        """Let the order be the model's own, though nothing grants its fields."""
        wall = full_wall(self.env)
        own = alias is None and (order or self._order) == self._order
        if wall is None or not own:
            return super()._order_to_sql(order, query, alias, reverse)
        with computing():
            return super()._order_to_sql(order, query, alias, reverse)

    def _fetch_field(self, field):
        """Read one attribute, and not what stock reads with it to save a query."""
        wall = full_wall(self.env)
        if wall is None:
            return super()._fetch_field(field)
        return self.fetch([field.name])

    def _determine_fields_to_fetch(self, field_names=None, ignore_when_in_cache=False):
        """Fetch, where no field is asked for in particular, those that may be read."""
        fields = super()._determine_fields_to_fetch(field_names, ignore_when_in_cache)
        wall = full_wall(self.env)
        if wall is None or field_names is not None:
            return fields
        return [
            field
            for field in fields
            if not wall.hides_field(self.env, self._name, field.name)
        ]

    def _fetch_query(self, query, fields):
        """Fetch what was asked for, which is checked already, and what it is made of."""
        wall = full_wall(self.env)
        if wall is None:
            return super()._fetch_query(query, fields)
        with computing():
            return super()._fetch_query(query, fields)

    def _compute_field_value(self, field):
        wall = full_wall(self.env)
        if wall is None:
            return super()._compute_field_value(field)
        if not field.store:
            self._check_field_access(field, "read")
        with computing():
            return super()._compute_field_value(field)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            _check_companies(self, vals)
        return super().create(vals_list)

    def write(self, vals):
        _check_companies(self, vals)
        return super().write(vals)


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _track_prepare(self, fields_iter):
        """Note what tracked fields are before they change: for the trail, not the route."""
        with computing():
            return super()._track_prepare(fields_iter)


class ResUsers(models.Model):
    _inherit = "res.users"

    def read(self, fields=None, load="_classic_read"):
        """Read one's own row as any other: stock does so as superuser."""
        self._check_own_row("read", fields)
        return super().read(fields, load)

    def write(self, vals):
        """Write to one's own row as to any other."""
        self._check_own_row("write", vals)
        return super().write(vals)

    def _check_own_row(self, operation, names):
        wall = standing(self.env)
        if wall is None or not wall.narrows or self != self.env.user:
            return
        refusal = wall.refusal_of(self.env, self._name, operation)
        wall.enforce(self.env, refusal)
        for name in names or ():
            if name in self._fields:
                self._check_field_access(self._fields[name], operation)
        check_record_rules(self, operation)


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _compute_domain(self, model_name, mode="read"):
        """Add what is granted, and hold on to the companies of the call.

        Stock caches its answer by user and ``allowed_company_ids``; what is added here is
        made anew each time.
        """
        wall = standing(self.env)
        if wall is None:
            return super()._compute_domain(model_name, mode)
        domain = wall.record_domain(self.env, model_name, mode)
        companies = wall.companies
        if companies is not None:
            if model_name == "res.company":
                domain &= Domain("id", "in", list(companies))
            asked = self.env.context.get(COMPANIES) or self.env.user._get_company_ids()
            within = [id_ for id_ in asked if id_ in companies]
            if not within:
                return Domain.FALSE
            if within != list(asked):
                self = self.with_context(**{COMPANIES: within})
        return Domain(super()._compute_domain(model_name, mode)) & domain

    def _make_access_error(self, operation, records):
        """Say no more than that the records are hidden.

        Stock suggests a company to switch to, by its name.
        """
        error = super()._make_access_error(operation, records)
        if standing(self.env) is None:
            return error
        model = self.env["ir.model"].sudo()._get(records._name).name
        return AccessError(
            self.env._(
                "The user of the key has no '%(operation)s' access to these records of"
                " %(model)s (%(technical)s).",
                operation=operation,
                model=model,
                technical=records._name,
            )
        )


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    def run(self):
        """Run no server action because a route was asked to."""
        if (wall := full_wall(self.env)) is not None:
            refusal = Refusal("own_code", names=(self._name,))
            wall.enforce(self.env, refusal)
        return super().run()


def _check_companies(records: BaseModel, vals):
    """Refuse values that put a record into a company which the scope does not have.

    :raise AccessError: a value names such a company
    """
    wall = standing(records.env)
    if wall is None or not wall.narrows or wall.companies is None:
        return
    for name, value in vals.items():
        field = records._fields.get(name)
        if field is None or not value:
            continue
        if field.comodel_name == "res.company" and field.type != "one2many":
            foreign = set(_ids_in(value)) - wall.companies
        elif field.type == "reference" and str(value).startswith("res.company,"):
            foreign = {str(value)} - {f"res.company,{id_}" for id_ in wall.companies}
        else:
            continue
        if foreign:
            names = tuple(sorted(map(str, foreign)))
            raise wall.error(records.env, Refusal("companies", names=names))


def _ids_in(value):
    """Return the ids that a value of a relational field sets, adds or writes to."""
    if isinstance(value, BaseModel):
        yield from value.ids
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (list, tuple)) and item:
                code, *rest = item
                # Of a command with ids, the list comes last; else the id is second.
                given = rest[-1] if code == 6 and rest else rest[:1]
                yield from filter(None, given)
            else:
                yield item if isinstance(item, int) else str(item)
    else:
        yield value if isinstance(value, int) else str(value)
