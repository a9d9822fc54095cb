# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The authorizer, against an oracle that only repeats what the design says."""

from dataclasses import replace
from datetime import datetime, timezone
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy.decide import Decision, Refusal, check_conditions, decide
from policy.footprint import (
    CREATE,
    DESCRIBE,
    OPERATIONS,
    READ,
    UNLINK,
    WRITE,
    Access,
    Footprint,
    Invocation,
    Resource,
)
from policy.methods import MethodGrant
from policy.networks import Networks
from policy.rules import Policy, Rule
from policy.windows import Window, Windows

PARTNER = Resource("res.partner")
COUNTRY = Resource("res.country")
USERS = Resource("res.users", protected=True)
CRON = Resource("ir.cron", protected=True, runs_code=True)
SCOPE = Resource("apikey.scope", protected=True, off_limits=True)
FILES = Resource("ir.attachment", protected=True, filtered=True)
PARAMETERS = Resource("ir.config_parameter", protected=True, secret=True)
RESOURCES = [PARTNER, COUNTRY, USERS, CRON, SCOPE, FILES, PARAMETERS]
DOMAINS = ["", "[('a', '=', 1)]", "[('b', '=', 1)]"]
FIELDS = ["id", "name", "email", "token"]
SECRETS = {"token"}
METHODS = ["post", "confirm", "share", "run", "mint"]
SHARED = {"share"}  # of a mixin: granted by name only
DANGEROUS = {"run"}  # too
UNGRANTABLE = {"mint"}
ARGUMENTS = ["body", "author", "files"]
UNSAFE = {"post": {"author", "files"}}


def subsets(values):
    return st.frozensets(st.sampled_from(values))


rules = st.builds(
    Rule,
    model=st.sampled_from([None, *(resource.model for resource in RESOURCES)]),
    operations=subsets(OPERATIONS),
    fields=st.none() | subsets(FIELDS),
    methods=st.lists(
        st.builds(
            MethodGrant, st.sampled_from(METHODS), st.none() | subsets(ARGUMENTS)
        ),
        max_size=2,
        unique_by=lambda grant: grant.name,
    ).map(tuple),
    any_method=st.booleans(),
    domain=st.sampled_from(DOMAINS),
)
policies = st.lists(rules, max_size=4).map(lambda rules: Policy(tuple(rules)))
resources = st.sampled_from(RESOURCES)


@st.composite
def accesses(draw, reaching=True):
    fields = draw(subsets(FIELDS))
    offered = draw(st.none() | subsets(FIELDS))
    elsewhere = st.tuples(st.sampled_from(["name", "email"]), accesses(reaching=False))
    return Access(
        draw(resources),
        draw(st.sampled_from([*OPERATIONS, DESCRIBE])),
        fields,
        offered,
        (fields | (offered or frozenset())) & SECRETS,
        tuple(draw(st.lists(elsewhere, max_size=2))) if reaching else (),
        unfiltered=draw(st.booleans()),
    )


@st.composite
def invocations(draw):
    return invocation(
        draw(resources), draw(st.sampled_from(METHODS)), draw(subsets(ARGUMENTS))
    )


def invocation(resource, method, arguments):
    return Invocation(
        resource,
        method,
        arguments=arguments,
        ungrantable=method in UNGRANTABLE,
        dangerous=method in DANGEROUS,
        by_name=method in SHARED or resource.protected,
        dangerous_arguments=arguments & UNSAFE.get(method, set()),
    )


footprints = st.builds(
    Footprint,
    st.lists(
        accesses(),
        max_size=3,
        unique_by=lambda access: (access.resource.model, access.operation),
    ).map(tuple),
    st.none() | invocations(),
    st.frozensets(st.sampled_from(["default_name", "active_id"]), max_size=1),
).filter(lambda footprint: footprint.accesses or footprint.invocation)


# -- the oracle: one rule at a time, one field at a time, as the words go


def reaches(rule, resource):
    """Off-limits never, protected only by name."""
    if resource.off_limits:
        return False
    if rule.model is None:
        return not resource.protected
    return rule.model == resource.model


def may(rule, operation):
    if operation == "describe":
        return len(rule.operations) > 0
    return operation in rule.operations


def gives_field(rule, name):
    """Every field but secrets, or only those that are named; ids are always read."""
    if rule.fields is None:
        return name not in SECRETS
    return name in rule.fields or name == "id"


def beyond_any_rule(resource, operation):
    """What is off limits never; what Odoo runs may be read, and no more."""
    if resource.off_limits:
        return True
    return resource.runs_code and operation not in ("read", "describe")


def may_reach(policy, rule, name, elsewhere):
    """What setting a field does elsewhere needs a rule there, or one naming the field."""
    if beyond_any_rule(elsewhere.resource, elsewhere.operation):
        return False
    if rule.fields is not None and name in rule.fields:
        return True
    if elsewhere.operation == "describe":
        # Setting a field describes nothing; should it ever, it is a plain access.
        return any(
            gives_access(other, elsewhere)
            for other in policy.rules
            if not beyond_any_rule(elsewhere.resource, "describe")
        )
    return any(True for _rule in rules_for_access(policy, elsewhere))


def gives_access(rule, access):
    """One rule gives all of it, and for every record where nothing filters them."""
    if not (reaches(rule, access.resource) and may(rule, access.operation)):
        return False
    if access.unfiltered and (rule.domain or access.resource.filtered):
        return False
    return all(gives_field(rule, name) for name in access.fields)


def rules_for_access(policy, access):
    if beyond_any_rule(access.resource, access.operation):
        return
    for rule in policy.rules:
        if gives_access(rule, access) and all(
            may_reach(policy, rule, name, elsewhere)
            for name, elsewhere in access.reaches
        ):
            yield rule


def describes(policy, access):
    """A model's metadata hold no record: rules for it add up, field by field."""
    if beyond_any_rule(access.resource, "describe") or any(
        beyond_any_rule(elsewhere.resource, elsewhere.operation)
        for _name, elsewhere in access.reaches
    ):
        return False
    rules = [
        rule
        for rule in policy.rules
        if reaches(rule, access.resource) and may(rule, "describe")
    ]
    return bool(rules) and all(
        any(gives_field(rule, name) for rule in rules) for name in access.fields
    )


def gives_method(rule, called):
    if beyond_any_rule(called.resource, "call") or not reaches(rule, called.resource):
        return False
    if called.method in UNGRANTABLE:
        return False
    unsafe = UNSAFE.get(called.method, set())
    for grant in rule.methods:
        if grant.name == called.method:
            allowed = grant.arguments
            if allowed is None:
                allowed = set(ARGUMENTS) - unsafe
            return all(name in allowed for name in called.arguments)
    by_name_only = called.method in SHARED | DANGEROUS or called.resource.protected
    return rule.any_method and not by_name_only and not called.arguments & unsafe


def oracle(policy, footprint):
    if footprint.context_keys:
        return False
    for access in footprint.accesses:
        if access.operation == "describe":
            if not describes(policy, access):
                return False
        elif not any(True for _rule in rules_for_access(policy, access)):
            return False
    if footprint.invocation:
        return any(gives_method(rule, footprint.invocation) for rule in policy.rules)
    return True


def allowed(policy, footprint):
    return decide(policy, footprint).refusal is None


many = settings(max_examples=100)


@settings(max_examples=500)
@given(policies, footprints)
def test_oracle(policy, footprint):
    assert allowed(policy, footprint) == oracle(policy, footprint)


@many
@given(policies, rules, footprints, st.integers(0, 4))
def test_more_rules_never_grant_less(policy, rule, footprint, at):
    """Adding a rule refuses nothing that was granted; so removing grants nothing."""
    more = Policy((*policy.rules[:at], rule, *policy.rules[at:]))
    if allowed(policy, footprint):
        assert allowed(more, footprint)


@many
@given(policies, footprints)
def test_more_to_touch_is_never_granted_more_easily(policy, footprint):
    if allowed(policy, footprint):
        for access in footprint.accesses:
            assert allowed(policy, Footprint((access,)))
        if footprint.invocation:
            assert allowed(policy, Footprint((), footprint.invocation))


@given(footprints)
def test_an_empty_policy_grants_nothing(footprint):
    assert not allowed(Policy(), footprint)
    assert not allowed(Policy((Rule(None), Rule("res.partner"))), footprint)


@many
@given(policies, footprints)
def test_beyond_any_rule_is_never_granted(policy, footprint):
    touched = [
        (part.resource, part.operation)
        for access in footprint.accesses
        for part in (access, *(elsewhere for _name, elsewhere in access.reaches))
    ]
    if footprint.invocation:
        touched.append((footprint.invocation.resource, "call"))
    refusal = decide(policy, footprint).refusal
    mints = footprint.invocation and footprint.invocation.method in UNGRANTABLE
    if mints or any(beyond_any_rule(*one) for one in touched):
        assert refusal.code in ("off_limits", "runs_code", "ungrantable")
        assert (refusal.code == "off_limits") == refusal.resource.off_limits
        assert mints or refusal.code != "ungrantable"
        assert decide(policy.in_force, footprint).refusal == refusal


@many
@given(policies, footprints)
def test_observing_grants_no_less_and_nothing_that_must_be_named(policy, footprint):
    observing = replace(policy, observe=True).in_force
    if decide(observing, footprint).refusal is not None:
        assert not allowed(policy, footprint)
        return
    invocation = footprint.invocation
    if invocation and (invocation.dangerous or invocation.by_name):
        names = [
            grant.name
            for rule in policy.rules
            if rule.covers(invocation.resource)
            for grant in rule.methods
        ]
        assert invocation.method in names or invocation.harmless
    for access in footprint.accesses:
        resource = access.resource
        own = [rule for rule in policy.rules if rule.covers(resource)]
        named = set().union(*(rule.fields or () for rule in own))
        assert access.fields & (access.secrets | access.elsewhere) <= named
        assert own or not resource.secret
        if resource.protected and access.operation in (WRITE, CREATE, UNLINK):
            assert own or resource == FILES


@many
@given(policies, footprints)
def test_protected_only_by_name(policy, footprint):
    names = {rule.model for rule in policy.rules}
    if allowed(policy, footprint):
        for access in footprint.accesses:
            if access.resource.protected:
                assert access.resource.model in names
        if footprint.invocation and footprint.invocation.resource.protected:
            assert footprint.invocation.resource.model in names


@settings(max_examples=500)
@given(policies, footprints)
def test_the_records_are_those_of_just_the_rules_that_give_it_all(policy, footprint):
    """A field through one rule and a record through another would be a leak."""
    decision = decide(policy, footprint)
    if decision.refusal:
        return
    assert [
        grant.part for grant in decision.grants if isinstance(grant.part, Access)
    ] == [*footprint.accesses]
    for grant in decision.grants:
        if isinstance(grant.part, Invocation):
            giving = {rule for rule in policy.rules if gives_method(rule, grant.part)}
        elif grant.part.operation == "describe":
            continue
        else:
            giving = set(rules_for_access(policy, grant.part))
            if grant.offered is not None:
                giving = {
                    rule
                    for rule in giving
                    if all(gives_field(rule, name) for name in grant.offered)
                }
        assert set(grant.rules) == giving


@many
@given(policies, footprints)
def test_what_is_offered_is_what_the_most_generous_rule_gives(policy, footprint):
    decision = decide(policy, footprint)
    for grant in decision.grants:
        if isinstance(grant.part, Invocation) or grant.part.offered is None:
            assert grant.offered is None
            continue
        assert grant.offered <= grant.part.offered
        if grant.part.operation == "describe":
            continue
        given_by = [
            {name for name in grant.part.offered if gives_field(rule, name)}
            for rule in rules_for_access(policy, grant.part)
        ]
        assert grant.offered in given_by
        assert len(grant.offered) == max(map(len, given_by))


@many
@given(policies, footprints)
def test_what_is_reached_is_granted_there(policy, footprint):
    for grant in decide(policy, footprint).grants:
        for name, there in grant.reached:
            assert (name, there.part) in grant.part.reaches
            assert there.rules


@many
@given(policies, footprints)
def test_a_refusal_says_something_true(policy, footprint):
    refusal = decide(policy, footprint).refusal
    if refusal is None:
        return
    match refusal.code:
        case "context":
            assert set(refusal.names) == footprint.context_keys
        case "operation":
            assert not any(
                reaches(rule, refusal.resource) and may(rule, refusal.operation)
                for rule in policy.rules
            )
        case "fields":
            assert refusal.names
        case "unfiltered":
            assert any(
                access.unfiltered and access.resource == refusal.resource
                for access in footprint.accesses
            )
        case "secrets":
            assert set(refusal.names) <= SECRETS
        case "reach":
            [name] = refusal.names
            assert any(
                (name, refusal.resource, refusal.operation)
                == (field, elsewhere.resource, elsewhere.operation)
                for access in footprint.accesses
                for field, elsewhere in access.reaches
            )
        case "method" | "dangerous" | "ungrantable":
            assert refusal.names == (footprint.invocation.method,)
        case "arguments":
            assert set(refusal.names) <= footprint.invocation.arguments
        case code:
            assert code in ("off_limits", "runs_code")
            assert refusal.resource in (SCOPE, CRON)


def test_nothing_touched_is_nothing_decided():
    with pytest.raises(ValueError):
        decide(Policy((Rule(None, frozenset(OPERATIONS)),)), Footprint())


# -- by example, since a fuzzer and its oracle may share a mistake

READ_NAME = Rule("res.partner", frozenset({READ}), frozenset({"name"}))
READ_EMAIL = Rule("res.partner", frozenset({READ}), frozenset({"email"}))
EVERYTHING = Rule(None, frozenset(OPERATIONS), any_method=True)


def touch(operation, *fields, resource=PARTNER, **more):
    fields = frozenset(fields)
    return Footprint(
        (Access(resource, operation, fields, secrets=fields & SECRETS, **more),)
    )


def call(method, *arguments, resource=PARTNER):
    return Footprint(invocation=invocation(resource, method, frozenset(arguments)))


def reading(resource, *fields):
    fields = frozenset(fields)
    return Access(resource, READ, fields, secrets=fields & SECRETS)


def writing(resource, *fields):
    fields = frozenset(fields)
    return Access(resource, WRITE, fields, secrets=fields & SECRETS)


@pytest.mark.parametrize(
    ("rules", "footprint", "code"),
    [
        ([], touch(READ, "name"), "operation"),
        ([READ_NAME], touch(READ, "name"), None),
        ([READ_NAME], touch(READ, "id", "name"), None),
        ([READ_NAME], touch(READ, "email"), "fields"),
        ([READ_NAME], touch(WRITE, "name"), "operation"),
        ([READ_NAME], touch(READ, "name", resource=COUNTRY), "operation"),
        ([READ_NAME, READ_EMAIL], touch(READ, "name", "email"), "fields"),
        ([READ_NAME], touch(DESCRIBE, "name"), None),
        ([Rule("res.partner")], touch(DESCRIBE), "operation"),
        ([EVERYTHING], touch(UNLINK), None),
        ([EVERYTHING], touch(READ, "token"), "secrets"),
        ([EVERYTHING], touch(READ, resource=CRON), "operation"),
        ([EVERYTHING], touch(READ, resource=SCOPE), "off_limits"),
        ([Rule("ir.cron", frozenset({READ}))], touch(READ, resource=CRON), None),
        (
            [Rule("apikey.scope", frozenset(OPERATIONS), any_method=True)],
            touch(READ, resource=SCOPE),
            "off_limits",
        ),
        (
            [Rule("res.partner", frozenset({READ}), frozenset({"token"}))],
            touch(READ, "token"),
            None,
        ),
        (
            [Rule("res.partner", frozenset({CREATE}))],
            touch(CREATE, "name", reaches=(("country_id", reading(COUNTRY)),)),
            "reach",
        ),
        (
            [Rule("res.partner", frozenset({CREATE}), frozenset({"country_id"}))],
            touch(CREATE, "country_id", reaches=(("country_id", reading(COUNTRY)),)),
            None,
        ),
        (
            [EVERYTHING],
            touch(CREATE, reaches=(("country_id", writing(COUNTRY, "name")),)),
            None,
        ),
        (
            [EVERYTHING],
            touch(CREATE, reaches=(("country_id", writing(COUNTRY, "token")),)),
            "reach",
        ),
        (
            [
                Rule("res.partner", frozenset({WRITE})),
                Rule("res.country", frozenset({WRITE}), frozenset({"name"})),
            ],
            touch(WRITE, reaches=(("country_id", writing(COUNTRY, "name", "email")),)),
            "reach",
        ),
        ([EVERYTHING], touch(CREATE, reaches=(("user_id", reading(USERS)),)), "reach"),
        ([EVERYTHING], touch(CREATE, reaches=(("x_id", writing(CRON)),)), "runs_code"),
        (
            [EVERYTHING],
            touch(CREATE, reaches=(("x_id", reading(SCOPE)),)),
            "off_limits",
        ),
        (
            [EVERYTHING, Rule("ir.cron", frozenset(OPERATIONS), any_method=True)],
            touch(WRITE, reaches=(("x_id", writing(CRON)),)),
            "runs_code",
        ),
        ([EVERYTHING], call("confirm"), None),
        ([EVERYTHING], call("confirm", "body"), None),
        ([EVERYTHING], call("run"), "dangerous"),
        ([EVERYTHING], call("share"), "method"),
        ([EVERYTHING], call("post", "body"), None),
        ([EVERYTHING], call("post", "author"), "arguments"),
        ([EVERYTHING], call("confirm", resource=USERS), "method"),
        ([EVERYTHING], call("confirm", resource=CRON), "runs_code"),
        (
            [Rule("res.users", any_method=True)],
            call("confirm", resource=USERS),
            "method",
        ),
        (
            [Rule("res.users", methods=(MethodGrant("confirm"),))],
            call("confirm", resource=USERS),
            None,
        ),
        (
            [Rule("res.partner", methods=(MethodGrant("share"),))],
            call("share"),
            None,
        ),
        (
            [Rule("res.partner", methods=(MethodGrant("run"),), any_method=True)],
            call("run"),
            None,
        ),
        (
            [Rule("res.country", methods=(MethodGrant("run"),)), EVERYTHING],
            call("run"),
            "dangerous",
        ),
        (
            [Rule("res.partner", methods=(MethodGrant("mint"),), any_method=True)],
            call("mint"),
            "ungrantable",
        ),
        (
            [Rule("ir.cron", frozenset(OPERATIONS), methods=(MethodGrant("confirm"),))],
            call("confirm", resource=CRON),
            "runs_code",
        ),
        (
            [Rule("ir.cron", frozenset(OPERATIONS))],
            touch(WRITE, resource=CRON),
            "runs_code",
        ),
        (
            [Rule("res.partner", methods=(MethodGrant("post", frozenset({"body"})),))],
            call("post", "body", "author"),
            "arguments",
        ),
        (
            [
                Rule(
                    "res.partner", methods=(MethodGrant("post", frozenset({"body"})),)
                ),
                Rule("res.partner", methods=(MethodGrant("post", frozenset()),)),
            ],
            call("post", "body"),
            None,
        ),
        (
            [
                Rule(
                    "res.partner", methods=(MethodGrant("post", frozenset({"body"})),)
                ),
                Rule(
                    "res.partner", methods=(MethodGrant("post", frozenset({"author"})),)
                ),
            ],
            call("post", "body", "author"),
            "arguments",
        ),
        ([Rule("res.partner", frozenset(OPERATIONS))], call("confirm"), "method"),
        ([Rule("")], touch(READ), "operation"),
    ],
)
def test_examples(rules, footprint, code):
    refusal = decide(Policy(tuple(rules)), footprint).refusal
    assert (refusal and refusal.code) == code


def test_the_order_of_rules_does_not_matter():
    rules = [READ_NAME, READ_EMAIL, EVERYTHING, Rule("res.country")]
    footprints = [
        touch(operation, *fields)
        for operation in (*OPERATIONS, DESCRIBE)
        for fields in chain.from_iterable(
            combinations(FIELDS, size) for size in range(len(FIELDS) + 1)
        )
    ]
    for footprint in footprints:
        assert allowed(Policy(tuple(rules)), footprint) == allowed(
            Policy(tuple(reversed(rules))), footprint
        )


def test_what_is_harmless_needs_no_rule():
    harmless = Invocation(USERS, "context_get", harmless=True)
    assert allowed(Policy(), Footprint(invocation=harmless))
    assert not allowed(Policy(), Footprint(invocation=Invocation(USERS, "context_get")))


def test_one_part_refused_refuses_it_all():
    policy = Policy((READ_NAME,))
    good, bad = touch(READ, "name").accesses, touch(WRITE, "name").accesses
    assert allowed(policy, Footprint(good))
    assert not allowed(policy, Footprint(good + bad))
    assert not allowed(policy, Footprint(bad + good))
    assert not allowed(policy, Footprint(good, call("post").invocation))


def test_two_accesses_for_the_same_model_and_operation_are_no_footprint():
    accesses = touch(READ, "name").accesses + touch(READ, "email").accesses
    with pytest.raises(ValueError):
        Footprint(accesses)


SOME = "[('a', '=', 1)]"
OTHERS = "[('b', '=', 1)]"


def test_records_of_two_rules():
    policy = Policy(
        (
            Rule("res.partner", frozenset({READ}), frozenset({"name"}), domain=SOME),
            Rule(
                "res.partner",
                frozenset({READ}),
                frozenset({"name", "email"}),
                domain=OTHERS,
            ),
        )
    )

    def domains(*fields):
        [grant] = decide(policy, touch(READ, *fields)).grants
        return grant.domains

    assert domains("name") == {SOME, OTHERS}
    assert domains("email") == {OTHERS}
    assert domains("name", "email") == {OTHERS}
    every = Policy((*policy.rules, Rule("res.partner", frozenset({READ}))))
    assert decide(every, touch(READ, "name")).grants[0].domains == frozenset()


def test_where_nothing_filters_only_a_rule_for_every_record_grants():
    limited = Rule("res.partner", frozenset({READ}), domain=SOME)
    unfiltered = touch(READ, "name", unfiltered=True)
    assert decide(Policy((limited,)), unfiltered).refusal.code == "unfiltered"
    both = Policy((limited, EVERYTHING))
    assert decide(both, unfiltered).grants[0].rules == (EVERYTHING,)
    files = Rule("ir.attachment", frozenset({READ}))
    unfiltered = touch(READ, resource=FILES, unfiltered=True)
    assert decide(Policy((files,)), unfiltered).refusal.code == "unfiltered"
    assert allowed(Policy((files,)), touch(READ, resource=FILES))


def test_a_named_field_needs_no_target_and_others_remember_theirs():
    named = Rule("res.partner", frozenset({CREATE}), frozenset({"country_id"}))
    plain = Rule("res.partner", frozenset({CREATE}), domain=SOME)
    countries = Rule("res.country", frozenset({READ}), domain=OTHERS)
    footprint = touch(CREATE, "country_id", reaches=(("country_id", reading(COUNTRY)),))
    [grant] = decide(Policy((named, plain)), footprint).grants
    assert (grant.rules, grant.reached) == ((named,), ())
    [grant] = decide(Policy((named, plain, countries)), footprint).grants
    assert grant.rules == (named, plain)
    [(name, there)] = grant.reached
    assert (name, there.rules) == ("country_id", (countries,))


def test_the_closest_rule_is_spoken_of():
    wide = Rule("res.partner", frozenset({READ}), frozenset({"name", "email"}))
    far = Rule("res.partner", frozenset({READ}), frozenset())
    footprint = touch(READ, "name", "email", "phone")
    for rules in ((wide, far), (far, wide)):
        assert decide(Policy(rules), footprint) == Decision(
            Refusal("fields", PARTNER, READ, ("phone",))
        )


# -- conditions

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HERE = Networks.parse("203.0.113.0/24")
MONDAYS = Windows("UTC", (Window(0, 8.0, 18.0),))
TUESDAYS = Windows("UTC", (Window(1, 8.0, 18.0),))


@pytest.mark.parametrize(
    ("policy", "address", "code"),
    [
        (Policy(), None, None),
        (Policy(), "198.51.100.1", None),
        (Policy(networks=HERE), "203.0.113.9", None),
        (Policy(networks=HERE), "198.51.100.1", "network"),
        (Policy(networks=HERE), None, "network"),
        (Policy(windows=MONDAYS), None, None),
        (Policy(windows=TUESDAYS), None, "window"),
        (Policy(networks=HERE, windows=MONDAYS), "203.0.113.9", None),
        (Policy(networks=HERE, windows=TUESDAYS), "203.0.113.9", "window"),
        (Policy(networks=HERE, windows=TUESDAYS), "198.51.100.1", "network"),
        (Policy(networks=HERE, observe=True), "198.51.100.1", "network"),
    ],
)
def test_conditions(policy, address, code):
    refusal = check_conditions(policy, address, MONDAY_NOON)
    assert (refusal and refusal.code) == code


def test_context_keys_that_the_scope_allows():
    policy = Policy(
        rules=(Rule("a", frozenset({"read"})),), context_keys=frozenset({"x", "y"})
    )
    access = Access(Resource("a"), "read")
    for keys, refused in (({"x"}, ()), ({"y", "z", "w"}, ("w", "z")), (set(), ())):
        decision = decide(policy, Footprint((access,), None, frozenset(keys)))
        assert (decision.refusal.names if decision.refusal else ()) == refused


def test_naming_a_model():
    policy = Policy(rules=(Rule(None, frozenset({"read"})), Rule("a")))
    assert policy.names_model("a")
    assert not policy.names_model("b")
