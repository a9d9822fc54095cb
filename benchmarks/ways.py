# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to take from a key what it may do, and to give it back."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from lab.cases import INVALID, NO_RULE, NOT_HERE, Case, Rule
from lab.postgres import connect
from lab.stage import GRANTS

MODEL = "res.partner"
ELSEWHERE = "192.0.2.0/24"
COMMON_DOORS = ("json2", "xmlrpc")
AUTHENTICATE = "authenticate"
_numbers = count(1)


@dataclass(frozen=True)
class Victim:
    """A key that something is taken from, of a user who has no other.

    :param stage: a ``Stage``
    """

    stage: object
    key: int
    secret: str
    scope: int
    user: int
    login: str

    def write(self, model: str, record: int, **values) -> None:
        """Write as an administrator does."""
        self.stage.admin.call(model, "write", [record], values)

    def press(self, button: str) -> None:
        """Press a button of the key."""
        self.stage.admin.press("res.users.apikeys", button, [self.key])

    def sql(self, statement: str, value: int) -> list:
        """Run and commit a statement in this process, apart from Odoo. :return: its rows"""
        with connect(self.stage.database) as cursor:
            cursor.execute(statement, [value])
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Way:
    """How it is taken, and given back.

    :param take, give_back: take a ``Victim``, and return when it is committed and answered;
        what is gone for good is not given back
    :param expect: what is then answered, as of a ``lab.cases.Call``
    :param doors: where it shows
    :param scoped: whether the key has a scope
    """

    take: Callable
    give_back: Callable | None = None
    expect: str = INVALID
    doors: tuple = COMMON_DOORS
    scoped: bool = True


def victim(stage, way: Way) -> Victim:
    """Make a user, a scope and a key, which reads partners."""
    name = f"victim {next(_numbers)}"
    groups = [[6, 0, [stage.admin.ref("base.group_user")]]]
    values = {"name": name, "login": name, "group_ids": groups}
    [user] = stage.admin.call("res.users", "create", [values])
    scope = stage.make_scope(Case(0, name, (Rule(MODEL, "r"),), ()))
    secret = stage.issue_key(name, scope, user)
    made = Victim(stage, stage.key_id(name), secret, scope, user, name)
    if not way.scoped:
        made.press("action_lift")
    return made


def _take_rule(victim: Victim) -> None:
    of_scope = ["scope_id", "=", victim.scope]
    rule = victim.stage.admin.find("apikey.scope.rule", of_scope)
    victim.stage.admin.call("apikey.scope.rule", "unlink", [rule])


def _give_rule(victim: Victim) -> None:
    model = victim.stage.admin.find("ir.model", ["model", "=", MODEL])
    values = {"scope_id": victim.scope, "model_id": model}
    values |= {name: letter == "r" for name, letter in GRANTS.items()}
    victim.stage.admin.call("apikey.scope.rule", "create", [values])


def _expire(victim: Victim) -> None:
    """Let its time come, which nobody writes or commits."""
    victim.sql(
        "UPDATE res_users_apikeys SET expiration_date ="
        " now() AT TIME ZONE 'utc' + interval '0.5 s' WHERE id = %s",
        victim.key,
    )
    is_over = (
        "SELECT expiration_date < now() AT TIME ZONE 'utc'"
        " FROM res_users_apikeys WHERE id = %s"
    )
    while victim.sql(is_over, victim.key) != [(True,)]:
        pass


def _by_sql(statement: str) -> Callable:
    return lambda victim: victim.sql(f"{statement} WHERE id = %s", victim.key)


def _of_user_by_sql(statement: str) -> Callable:
    return lambda victim: victim.sql(f"{statement} WHERE id = %s", victim.user)


def _button(name: str) -> Callable:
    return lambda victim: victim.press(name)


def _user(**values) -> Callable:
    return lambda victim: victim.write("res.users", victim.user, **values)


def _scope(**values) -> Callable:
    return lambda victim: victim.write("apikey.scope", victim.scope, **values)


WAYS = {
    "removed": Way(_button("remove")),
    "removed, a key without a scope": Way(_button("remove"), scoped=False),
    "removed by SQL": Way(_by_sql("DELETE FROM res_users_apikeys")),
    "suspended": Way(_button("action_suspend"), _button("action_resume")),
    "expired": Way(
        _expire,
        _by_sql(
            "UPDATE res_users_apikeys SET expiration_date = expiration_date + interval '1 d'"
        ),
    ),
    "its user deleted": Way(
        lambda victim: victim.stage.admin.call("res.users", "unlink", [victim.user])
    ),
    "its user archived": Way(_user(active=False), _user(active=True)),
    "its user archived by SQL": Way(
        _of_user_by_sql("UPDATE res_users SET active = false"),
        _of_user_by_sql("UPDATE res_users SET active = true"),
    ),
    "its user's login changed": Way(
        lambda victim: victim.write("res.users", victim.user, login="another"),
        lambda victim: victim.write("res.users", victim.user, login=victim.login),
        doors=(AUTHENTICATE,),
    ),
    "its rule taken away": Way(_take_rule, _give_rule, NO_RULE),
    "its networks elsewhere": Way(
        _scope(networks=ELSEWHERE), _scope(networks=""), NOT_HERE
    ),
}
