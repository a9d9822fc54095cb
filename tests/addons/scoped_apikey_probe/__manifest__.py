# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Scoped API Keys: a Probe for Its Tests",
    "summary": "Methods that end in every way a method can end",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "scoped_apikey contributors",
    "license": "LGPL-3",
    "depends": ["scoped_apikey"],
    "data": ["security/ir.model.access.csv", "data/apikey_scope.xml"],
    "installable": True,
}
