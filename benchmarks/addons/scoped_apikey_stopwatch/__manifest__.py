# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Scoped API Keys: a Stopwatch for Its Benchmarks",
    "summary": "Loaded server-wide by make bench-rooms, and never installed",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "scoped_apikey contributors",
    "license": "LGPL-3",
    "depends": ["base"],
    "post_load": "post_load",
    "installable": True,
}
