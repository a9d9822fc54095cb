# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where companies are in their tree is known by heart, and never wrongly."""

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.tests import tagged

from .common import ScopedCase


@tagged("post_install", "-at_install", "scoped_apikey")
class TestCompanyTree(ScopedCase):
    def paths(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT id, parent_path FROM res_company")
        return dict(self.env.cr.fetchall())

    def read_anew(self, companies):
        self.env.invalidate_all()
        return dict(zip(companies.ids, companies.mapped("parent_path"), strict=True))

    def test_it_is_what_the_database_says(self):
        top = self.env["res.company"].create({"name": "Top"})
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": top.id})
        companies = self.env["res.company"].search([])
        self.assertLessEqual(top | branch, companies)
        for _repeat in range(2):
            self.assertEqual(self.read_anew(companies.sudo()), self.paths())
        self.assertEqual(branch.parent_ids, top | branch)

    def test_it_costs_no_query_the_second_time(self):
        company = self.env.company.sudo()
        self.read_anew(company)
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            company.mapped("parent_path")

    def test_record_rules_see_a_company_that_is_new(self):
        top = self.env["res.company"].create({"name": "Top"})
        self.user.write({"company_ids": [(4, top.id)]})
        above = Domain("id", "parent_of", [top.id])
        partners = self.env["res.company"].sudo()
        self.assertEqual(partners.search(above), top)
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": top.id})
        above = Domain("id", "parent_of", [branch.id])
        self.env.invalidate_all()
        self.assertEqual(partners.search(above), top | branch)

    def test_one_that_is_gone_is_missing(self):
        company = self.env["res.company"].create({"name": "Gone"}).sudo()
        self.read_anew(company)
        self.env.flush_all()
        self.env.cr.execute("SELECT max(id) + 1 FROM res_company")
        [never] = self.env.cr.fetchone()
        self.env.invalidate_all()
        with self.assertRaises(MissingError):
            _path = company.browse(never).parent_path

    def test_who_is_no_superuser_is_asked_for_rights(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.read_anew(other.sudo())
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            _path = other.with_user(self.user).parent_path
