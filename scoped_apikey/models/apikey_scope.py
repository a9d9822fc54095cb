# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid
from contextlib import contextmanager
from contextvars import ContextVar

from markupsafe import Markup
from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.addons.base.models.res_partner import _tz_get
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.misc import formatLang

from .. import problems
from ..ledger import connections
from ..limits import postgres_counter
from ..limits.slots import MOST as MOST_SLOTS
from ..policy.arguments import FULL, SHAPE
from ..policy.context_keys import is_reaching, parse_context_keys
from ..policy.limits import Limits
from ..policy.networks import Networks
from ..policy.routes import Routes
from ..policy.rules import Policy
from ..policy.sharing import shared
from ..policy.windows import Windows
from ..sealing import environment
from .res_config_settings import LOGGED_ARGUMENTS, ON_LOG_FAILURE

LIMITS = (
    "rate_limit",
    "daily_quota",
    "shared_rate_limit",
    "shared_daily_quota",
    "concurrency_limit",
)
_being_recorded = ContextVar("scoped_apikey_scopes_being_recorded", default=frozenset())


class ApikeyScope(models.Model):
    """A named, reusable set of limits. It never adds a right to what its user has."""

    _name = "apikey.scope"
    _inherit = ["apikey.guarded"]
    _description = "API Key Scope"
    _order = "name, id"

    name = fields.Char(required=True, index="trigram")
    description = fields.Text(help="What the keys of this scope are for.")
    mode = fields.Selection(
        [("enforce", "Enforce"), ("observe", "Observe")],
        required=True,
        default="enforce",
        help="Observe: grants, networks and hours are evaluated and logged, and only what"
        " has to be named, or cannot be granted, is refused for them.",
    )
    rule_ids = fields.One2many("apikey.scope.rule", "scope_id", "Rules", copy=True)
    networks = fields.Text(
        help="One network or address a line, such as 203.0.113.0/24. Empty: anywhere."
    )
    tz = fields.Selection(
        _tz_get,
        "Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    window_ids = fields.One2many(
        "apikey.scope.window", "scope_id", "Hours", copy=True, help="None: always."
    )
    rate_limit = fields.Integer(
        "Calls a Minute",
        help="That each key may make, over all workers; refused ones are not counted. 0:"
        " as many as it likes.",
    )
    daily_quota = fields.Integer(
        "Calls a Day", help="That each key may make, from midnight to midnight UTC."
    )
    shared_rate_limit = fields.Integer(
        "Shared Calls a Minute", help="That all keys of the scope may make together."
    )
    shared_daily_quota = fields.Integer(
        "Shared Calls a Day", help="That all keys of the scope may make together."
    )
    concurrency_limit = fields.Integer(
        "Calls at a Time",
        help="That each key may have running, so that it cannot take every worker.",
    )
    on_counter_failure = fields.Selection(
        [
            ("refuse", "Refuse the call"),
            ("serve", "Serve it, uncounted"),
        ],
        "Where a Call Cannot Be Counted",
        required=True,
        default="refuse",
        help="Because the counter cannot be reached. The call log says of each call that"
        " was served so.",
    )
    company_ids = fields.Many2many(
        "res.company",
        string="Only Companies",
        help="Those of them that the user of the key is allowed. A scope never adds one.",
    )
    limit_companies = fields.Boolean(
        "Only Some Companies",
        help="Act in only the companies of the list, even where it has become empty.",
    )
    context_keys = fields.Text(
        help="Keys that the context of a call may hold, besides the harmless ones (lang,"
        " tz, ...): names, separated by commas or new lines."
    )
    routes = fields.Text(
        help="Paths that a key may call besides the standard endpoints, one a line, such"
        " as /json/1. What they do outside sudo is held to the rules."
    )
    on_log_failure = fields.Selection(
        ON_LOG_FAILURE,
        "Where a Call Cannot Be Recorded",
        help="Evidence, or availability. Empty: as the settings say. An unrecorded call is"
        " written to the server's own log.",
    )
    log_arguments = fields.Selection(
        LOGGED_ARGUMENTS,
        "Arguments in the Call Log",
        help="What the call log keeps of the arguments of calls with its keys. Empty: what"
        " the setting says.",
    )
    group_ids = fields.Many2many(
        "res.groups",
        string="May Be Chosen By",
        help="Who may give this scope to keys of their own. Administrators always may.",
    )
    key_ids = fields.One2many("res.users.apikeys", "scope_id", "Keys")
    key_count = fields.Integer("Number of Keys", compute="_compute_key_count")
    rule_count = fields.Integer(
        "Number of Rules", compute="_compute_rule_count", compute_sudo=True
    )
    # Whoever may choose a scope may read in words what it is, though not its rules.
    summary = fields.Html(
        "In Words", compute="_compute_summary", compute_sudo=True, sanitize=False
    )
    warnings = fields.Html(
        compute="_compute_warnings", compute_sudo=True, sanitize=False
    )
    version = fields.Char(readonly=True, copy=False)

    def init(self):
        postgres_counter.create(self.env.cr)
        return super().init()

    @api.autovacuum
    def _gc_permits(self):
        """Forget what was counted long ago, also of keys that are used no more."""
        postgres_counter.forget_old(self.env.cr, fields.Datetime.now())

    @api.depends("key_ids")
    def _compute_key_count(self):
        counts = dict(
            self.env["res.users.apikeys"]._read_group(
                [("scope_id", "in", self.ids)], ["scope_id"], ["__count"]
            )
        )
        for scope in self:
            scope.key_count = counts.get(scope._origin, 0)

    # ------------------------------------------------------------------
    # What may be saved
    # ------------------------------------------------------------------

    @api.model
    def _check_tz(self, vals_list):
        """Refuse an unknown time zone in words, before the selection field does not."""
        known = {code for code, _name in _tz_get(self)}
        for vals in vals_list:
            if "tz" in vals and vals["tz"] not in known:
                raise ValidationError(
                    self.env._("There is no time zone “%s”.", vals["tz"] or "")
                )

    @api.constrains("networks")
    def _check_networks(self):
        for scope in self:
            with problems.in_words(self.env):
                Networks.parse(scope.networks or "")

    @api.constrains("tz", "window_ids")
    def _check_windows(self):
        for scope in self:
            with problems.in_words(self.env):
                scope._compile_windows()

    @api.constrains("context_keys")
    def _check_context_keys(self):
        for scope in self:
            with problems.in_words(self.env):
                parse_context_keys(scope.context_keys or "")

    @api.constrains("routes")
    def _check_routes(self):
        for scope in self:
            with problems.in_words(self.env):
                Routes.parse(scope.routes or "")

    @api.constrains(*LIMITS)
    def _check_limits(self):
        for scope in self:
            if any(scope[name] < 0 for name in LIMITS):
                raise ValidationError(
                    self.env._("A limit on calls cannot be negative; 0 is none.")
                )
            if scope.concurrency_limit > MOST_SLOTS:
                raise ValidationError(
                    self.env._(
                        "A limit of %(limit)s calls at a time is more than the %(most)s"
                        " that can be told apart. Leave it at 0 for none.",
                        limit=scope.concurrency_limit,
                        most=MOST_SLOTS,
                    )
                )

    @api.onchange("company_ids")
    def _onchange_company_ids(self):
        if self.company_ids:
            self.limit_companies = True

    # ------------------------------------------------------------------
    # Compiled
    # ------------------------------------------------------------------

    @api.model
    def _policy(self, key):
        """Return the policy of a key's scope.

        :param Key key: a scoped key, as it was identified for this call
        :rtype: Policy
        """
        kept = self._kept_policies(key.scope_id)
        policy = kept.get(key.scope_version)
        if policy is None:
            kept.clear()
            policy = kept[key.scope_version] = self._compile_anew(key.scope_id)
        return policy

    @api.model
    def _compile_anew(self, scope_id):
        """Compile a scope, also where this transaction reads a replica, which may be behind."""
        if not self.env.cr.readonly:
            env = self.env(user=SUPERUSER_ID, context={})
            return env["apikey.scope"].browse(scope_id)._compile()
        with environment(self.env.cr.dbname, connections.primary) as env:
            return env["apikey.scope"].browse(scope_id)._compile()

    @tools.ormcache("scope_id")
    def _kept_policies(self, scope_id):
        """Return where a worker keeps the newest policy of a scope, by its version.

        What is cached is the place, which callers fill; two who do so at a time both have
        a right policy, and the next finds one of them or compiles it again.

        A version is never used twice, not even by a transaction that is rolled back,
        so nothing has to be invalidated. What metadata a scope names can go without a new
        version, but not without a cleared cache.

        :rtype: dict
        """
        return {}

    def _compile(self):
        self.ensure_one()
        return Policy(
            tuple(rule._compile() for rule in self.rule_ids),
            shared(Networks.parse(self.networks or "")),
            shared(self._compile_windows()),
            observe=self.mode == "observe",
            companies=frozenset(self.company_ids.ids) if self.limit_companies else None,
            context_keys=parse_context_keys(self.context_keys or ""),
            routes=Routes.parse(self.routes or ""),
            limits=Limits(
                self.rate_limit,
                self.daily_quota,
                self.shared_rate_limit,
                self.shared_daily_quota,
                self.concurrency_limit,
                serve_uncounted=self.on_counter_failure == "serve",
            ),
            on_log_failure=self.on_log_failure or None,
            log_arguments=self.log_arguments or "",
        )

    def _compile_windows(self):
        return Windows(self.tz, tuple(window._compile() for window in self.window_ids))

    # ------------------------------------------------------------------
    # Every edit has a new version, and a row in the history
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_tz(vals_list)
        for vals in vals_list:
            vals["version"] = self._new_version()
        token = _being_recorded.set(None)  # their rules are part of their creation
        try:
            scopes = super().create(vals_list)
            scopes._limit_given_companies()
        finally:
            _being_recorded.reset(token)
        for scope in scopes:
            scope._record("created", after=scope._snapshot())
        return scopes

    def write(self, vals):
        self._check_tz([vals])
        with self._edited():
            result = super().write(vals)
            self._limit_given_companies()
        return result

    def _limit_given_companies(self):
        """Giving any company makes it a limit, which stays when the companies are gone."""
        unlimited = self.sudo().filtered(
            lambda scope: scope.company_ids and not scope.limit_companies
        )
        if unlimited:
            unlimited.write({"limit_companies": True})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        for scope in self:
            if scope.key_count:
                raise UserError(
                    self.env._(
                        "The scope “%(scope)s” is in use by %(count)s keys, and a key"
                        " without its scope would open nothing. Give them another"
                        " scope, or remove them, first.",
                        scope=scope.name,
                        count=scope.key_count,
                    )
                )

    def unlink(self):
        for scope in self:
            scope._record("removed", before=scope._snapshot())
        token = _being_recorded.set(None)
        try:
            return super().unlink()
        finally:
            _being_recorded.reset(token)

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%s (copy)", scope.name)}
            for scope, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @contextmanager
    def _edited(self):
        """Record one row for an edit, however many rules and windows it goes through."""
        recording = _being_recorded.get()
        scopes = self.browse() if recording is None else self
        scopes = scopes.filtered(lambda scope: scope.id not in (recording or ()))
        before = {scope: scope._snapshot() for scope in scopes}
        token = _being_recorded.set(
            None if recording is None else recording | set(scopes.ids)
        )
        try:
            yield
            if scopes:
                scopes.write({"version": self._new_version()})
        finally:
            _being_recorded.reset(token)
        for scope in scopes:
            after = scope._snapshot()
            if after != before[scope]:
                scope._record("changed", before[scope], after)

    @staticmethod
    def _new_version():
        return uuid.uuid4().hex

    def _snapshot(self):
        self.ensure_one()
        scope = self.sudo().with_context(lang=None)
        return {
            "name": scope.name,
            "description": scope.description or None,
            "mode": scope.mode,
            "rules": [rule._snapshot() for rule in scope.rule_ids],
            "networks": scope.networks or None,
            "tz": scope.tz,
            "windows": [window._snapshot() for window in scope.window_ids],
            "companies": scope.company_ids.mapped("name")
            if scope.limit_companies
            else "*",
            "context_keys": sorted(parse_context_keys(scope.context_keys or "")),
            "routes": (scope.routes or "").split(),
            **{name: scope[name] or None for name in LIMITS},
            "on_counter_failure": scope.on_counter_failure,
            "on_log_failure": scope.on_log_failure or None,
            "log_arguments": scope.log_arguments or None,
            "may_be_chosen_by": scope.group_ids.mapped("full_name"),
        }

    def _record(self, event, before=None, after=None):
        self.env["apikey.history"]._record(
            event, "scope", self.id, self.name, before, after
        )

    # ------------------------------------------------------------------
    # Who may choose it
    # ------------------------------------------------------------------

    @api.model
    def _choosable_domain(self):
        if self.env.is_system():
            return Domain.TRUE
        return Domain("group_ids", "in", self.env.user.all_group_ids.ids)

    def _check_may_choose(self):
        """Raise AccessError unless the user may give this scope to a key."""
        if not self.sudo().filtered_domain(self._choosable_domain()):
            raise AccessError(
                self.env._("Only an administrator may issue a key with this scope.")
            )

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    @api.depends(
        "mode", "networks", "tz", "window_ids.display_name", "rule_ids.summary",
        "limit_companies", "company_ids", "context_keys", "routes", "on_log_failure",
        "log_arguments", "on_counter_failure", *LIMITS,
    )  # fmt: skip
    def _compute_summary(self):
        for scope in self:
            items = [
                *scope.rule_ids.mapped("summary"),
                *scope._summarize_conditions(),
            ]
            scope.summary = Markup('<ul class="mb-0 ps-3">%s</ul>') % Markup("").join(
                Markup("<li>%s</li>") % item for item in items
            )

    @api.depends("rule_ids.warning", "rule_ids.summary", "context_keys", "routes")
    def _compute_warnings(self):
        for scope in self:
            lines = [scope.rule_ids._protected_warning()]
            for rule in scope.rule_ids:
                lines.extend(rule._other_warnings())
            lines.extend(scope._own_warnings())
            lines = list(dict.fromkeys(filter(None, lines)))
            scope.warnings = lines and Markup('<ul class="mb-0 ps-3">%s</ul>') % Markup(
                ""
            ).join(Markup("<li>%s</li>") % line for line in lines)

    @api.depends("rule_ids")
    def _compute_rule_count(self):
        for scope in self:
            scope.rule_count = len(scope.rule_ids)

    def _summarize_conditions(self):
        self.ensure_one()
        if not self.rule_ids:
            yield self.env._("No rule: its keys can do nothing.")
        networks = ", ".join((self.networks or "").split())
        if networks:
            yield self.env._("Only from %s.", networks)
        else:
            yield self.env._("From any address.")
        if self.window_ids:
            yield self.env._(
                "Only %(hours)s (%(tz)s).",
                hours="; ".join(self.window_ids._in_words()),
                tz=self.tz,
            )
        else:
            yield self.env._("At any time.")
        if self.limit_companies:
            names = ", ".join(self.company_ids.mapped("name"))
            yield self.env._("Only in the companies %s.", names or "—")
        if keys := self._entries("context_keys"):
            yield self.env._("Their context may also hold %s.", ", ".join(keys))
        if routes := self._entries("routes"):
            yield self.env._("They may also call %s.", ", ".join(routes))
        yield from self._summarize_limits()
        yield from self._summarize_log()
        if self.mode == "observe":
            yield self.env._("Observing: what lies outside is logged, and not refused.")

    def _summarize_limits(self):
        for name, sentence in (
            ("rate_limit", self.env._("At most %s calls a minute with each key.")),
            ("daily_quota", self.env._("At most %s calls a day with each key.")),
            (
                "shared_rate_limit",
                self.env._("At most %s calls a minute with all keys together."),
            ),
            (
                "shared_daily_quota",
                self.env._("At most %s calls a day with all keys together."),
            ),
            (
                "concurrency_limit",
                self.env._("At most %s calls at a time with each key."),
            ),
        ):
            if self[name]:
                yield sentence % formatLang(self.env, self[name], digits=0)
        if self.on_counter_failure == "serve" and any(self[name] for name in LIMITS):
            yield self.env._("Calls that cannot be counted are served all the same.")

    def _summarize_log(self):
        if self.on_log_failure == "serve":
            yield self.env._("Calls that cannot be recorded are served all the same.")
        if self.log_arguments == SHAPE:
            yield self.env._("The call log keeps the shape of their arguments.")
        elif self.log_arguments == FULL:
            yield self.env._("The call log keeps their arguments, but no secrets.")

    def _entries(self, name):
        """Return the entries of a text field, as they are written, also while they are."""
        return (self[name] or "").replace(",", " ").split()

    def _own_warnings(self):
        """Say where conditions reach further than one may think."""
        self.ensure_one()
        if reaching := list(filter(is_reaching, self._entries("context_keys"))):
            yield self.env._(
                "By these context keys a caller says what Odoo acts on, shows or leaves"
                " out: %s.",
                ", ".join(reaching),
            )
        if self._entries("routes"):
            yield self.env._(
                "What a route does as superuser is up to its author: rules hold only what"
                " it does as the user."
            )
        if self.limit_companies and not self.company_ids:
            yield self.env._(
                "The list of companies is empty, so every call is refused."
            )

    def action_enforce(self):
        """Refuse from now on what lies outside the scope."""
        self.write({"mode": "enforce"})

    def action_observe(self):
        """Log from now on what lies outside the scope, and refuse nothing for it."""
        self.write({"mode": "observe"})

    def action_keys(self):
        """Open the keys of a scope."""
        self.ensure_one()
        action = self.env["res.users.apikeys"]._action_keys()
        return {**action, "domain": [("scope_id", "=", self.id)]}

    def action_calls(self):
        """Open the calls made under a scope's name, however old."""
        self.ensure_one()
        return self.env["apikey.call"]._action_calls([("scope_name", "=", self.name)])
