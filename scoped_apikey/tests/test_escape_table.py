# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every escape is tried twice: without a scope, where it works, and with one, where it
must not. What stopped it is a line of the table in the docs."""

from contextlib import contextmanager

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from . import escape_table
from .common import ScopedCase
from .escapes import SECTIONS, stage
from .escapes.model import GUESS, LAST, Outcome

SECTION = {section.title: section for section in SECTIONS}


@tagged("post_install", "-at_install", "scoped_apikey")
class TestEscapeTable(ScopedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = stage.build(cls.env(context={}))

    def test_domains(self):
        self.check("Domains and sorting")

    def test_reading(self):
        self.check("Reading")

    def test_writing(self):
        self.check("Writing")

    def test_documents(self):
        self.check("Records that belong to records of any model")

    def test_secrets(self):
        self.check("Secrets")

    def test_records(self):
        self.check("Records")

    def test_methods(self):
        self.check("Business methods, and what runs code")

    def test_contexts(self):
        self.check("The context")

    def test_companies(self):
        self.check("Companies")

    def test_the_page_has_these_sections_and_no_others(self):
        titles = [section.title for section in SECTIONS]
        self.assertEqual(escape_table.titles(), [*titles, "Other doors"])

    def check(self, title):
        """Try all escapes of a section, and compare what stops them with the docs."""
        section = SECTION[title]
        problems = [*self.refused_though_granted(section)]
        unscoped = self.key(None, self.admin)
        rows = []
        for escape in section.escapes:
            proof = escape.proof or section.proof
            works, outcome = self.try_out(escape, proof, unscoped)
            if works != escape.on_stock:
                problems.append(("not so on stock Odoo", escape.name, outcome))
            try:
                key = self.scoped_key(escape.rules or section.rules, **escape.scope)
                works, outcome = self.try_out(escape, proof, key)
            except ValidationError as error:
                problems.append(("no such scope", escape.name, error))
                continue
            if works or outcome.error:
                problems.append(("not stopped", escape.name, outcome))
            last = escape.steps[-1]
            called = f"`{last.model}.{last.method}`"
            stopped = outcome.refusal or escape_table.NARROWED
            rows.append((escape.name, called, escape.reaches, stopped))
        shown = [" | ".join(map(str, problem))[:400] for problem in problems]
        self.assertFalse(problems, "\n".join(["", *shown]))
        escape_table.check(self, title, self._testMethodName, rows)

    def refused_though_granted(self, section):
        """Return what a section's rules do not grant, or not answer, though they should."""
        key = self.scoped_key(section.rules)
        for call in section.granted:
            outcome = self.run_steps([call], key)
            if not outcome.went_well or outcome.answers[-1] in ([], 0, False):
                yield "refused though granted", call, outcome

    def scoped_key(self, rules, **scope):
        commands = [rule.command(self.env) for rule in rules]
        scope = self.scope(*commands, **self.resolve(scope))
        return self.key(scope, self.admin)

    def try_out(self, escape, proof, key):
        """Run an escape. :return: whether it worked, and its outcome"""

        def attempt(guess):
            return self.run_steps(escape.steps, key, guess, proof)

        outcome = attempt(proof.right)
        return proof.worked(outcome, lambda: attempt(proof.wrong)), outcome

    def run_steps(self, steps, key, guess=None, proof=None):
        """Run calls, and take back what they did."""
        answers, refusal, failure = [], None, None
        with self.undone():
            before = proof and proof.look(self.env, self.resolve)
            for step in steps:
                values = {GUESS: guess, LAST: answers[-1] if answers else None}
                try:
                    answers.append(self.make(step, key, values))
                except AccessError as error:
                    refusal = escape_table.reason(str(error))
                    break
                except Exception as error:
                    failure = repr(error)
                    break
            if not (refusal or failure):
                self.env.flush_all()
                self.env.invalidate_all()
            after = (
                before
                if refusal or failure
                else proof and proof.look(self.env, self.resolve)
            )
        return Outcome(answers, refusal, failure, before, after)

    def make(self, step, key, values):
        kwargs = self.resolve(step.kwargs, values)
        args = [] if step.ids is None else [self.resolve(step.ids, values)]
        if "vals_list" in kwargs:
            args.append(kwargs.pop("vals_list"))  # RPC takes them by position only
        return self.serve(
            key, step.model, step.method, *args, user=self.admin, **kwargs
        )

    @contextmanager
    def undone(self):
        savepoint = self.cr.savepoint(flush=True)
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
            self.registry.clear_all_caches()

    def resolve(self, value, values=None):
        """Return a value of a call with what its placeholders stand for."""
        if isinstance(value, dict):
            return {
                self.resolve(name, values): self.resolve(member, values)
                for name, member in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.resolve(member, values) for member in value]
        if not isinstance(value, str):
            return value
        if value in (values or {}):
            return self.resolve(values[value])
        if value.startswith("@"):
            name = value[1:]
            return self.ids[name] if name in self.ids else self.env.ref(name).id
        return value
