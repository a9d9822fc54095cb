# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
PYTHON ?= python3
export ODOO_PATH

.PHONY: help demo test escapes fuzz crash clean

help:
	@echo "make demo              a real Odoo 19 with the addon, shown and served   (ONCE=1 PORT=8069)"
	@echo "make test              every test                                        (ARGS='-k networks -x')"
	@echo "make escapes           write docs/escapes.md from what its tests see"
	@echo "make bench-speed       what the addon costs a call, all in all                       (CALLS=300 PARTS=single,crowd,scale)"
	@echo "make bench-rooms       where the time of a call goes, room by room                  (CALLS=200)"
	@echo "make bench-footprint   what a scope costs a call, in microseconds"
	@echo "make bench-log         the call log when it has grown                    (ROWS=10000000)"
	@echo "make bench-row         what a row of the call log costs a call"
	@echo "make bench-export      what an export of the call log takes              (ROWS=1000000)"
	@echo "make bench-concurrency many clients with one key at a time               (SECONDS=60)"
	@echo "make bench-revocation  whether a revoked key is ever accepted            (CALLS=10000)"
	@echo "make bench-limits      whether a limit on calls is held by many workers  (SECONDS=180)"
	@echo "make fuzz              random calls that try to get around a scope           (CALLS=20000 SEED=1 JOBS=1)"
	@echo "make crash             kill Odoo and PostgreSQL, and examine the call log    (KILLS=50 SEED=1)"
	@echo "make clean             remove all that these made"
	@echo
	@echo "PYTHON=python3.12      another Python, 3.10 to 3.13"
	@echo "ODOO_PATH=folder       an Odoo 19 that is already there: the folder that holds the package odoo"
	@echo "PGHOST=... PGUSER=..   a PostgreSQL server that is already there, as libpq names it"

demo:
	@$(PYTHON) -m lab demo $(if $(ONCE),--once) $(if $(PORT),--port=$(PORT))

test:
	@$(PYTHON) -m lab test $(ARGS)

escapes:
	@SCOPED_APIKEY_WRITE_ESCAPES=1 $(PYTHON) -m lab test scoped_apikey/tests/test_escape_table.py \
		scoped_apikey/tests/test_escape_doors.py

bench-%:
	@$(PYTHON) -m lab bench $* $(addprefix --size=,$(ROWS)$(SECONDS)$(CALLS)) $(addprefix --parts=,$(PARTS))

fuzz:
	@$(PYTHON) -m lab fuzz $(if $(CALLS),--calls=$(CALLS)) $(if $(SEED),--seed=$(SEED)) $(if $(JOBS),--jobs=$(JOBS))

crash:
	@$(PYTHON) -m lab crash $(if $(KILLS),--kills=$(KILLS)) $(if $(SEED),--seed=$(SEED))

clean:
	@$(PYTHON) -m lab clean
