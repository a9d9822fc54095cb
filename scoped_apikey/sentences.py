# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refusals in words: one sentence that says what was refused and what is missing."""

from .policy.errors import shown

NAMES_SHOWN = 8


def not_granted(env, call, refusal) -> str:
    """Say which call a key may not make, and why.

    :param Refusal refusal: what the policy or the footprint says
    """
    return env._(
        'Key "%(key)s" (scope "%(scope)s") may not call %(method)s: %(reason)s.',
        key=call.key.name,
        scope=call.key.scope_name,
        method=_target(call),
        reason=_reason(env, refusal),
    )


def not_accepted(env, call, refusal) -> str:
    """Say why a valid key is not accepted here and now."""
    who = {"key": call.key.name, "scope": call.key.scope_name}
    if refusal.code == "network":
        if call.remote_addr is None:
            return env._(
                'Key "%(key)s" (scope "%(scope)s") is not accepted: it is limited to'
                " networks, and the address of the call is unknown.",
                **who,
            )
        return env._(
            'Key "%(key)s" (scope "%(scope)s") is not accepted from %(address)s: the'
            " address is in none of its networks.",
            address=call.remote_addr,
            **who,
        )
    if refusal.code == "window":
        return env._(
            'Key "%(key)s" (scope "%(scope)s") is not accepted now: it is outside the'
            " hours of its scope.",
            **who,
        )
    if refusal.code == "uncounted":
        return env._(
            'Key "%(key)s" (scope "%(scope)s") is not accepted now: its calls are limited,'
            " and cannot be counted. Try again later.",
            **who,
        )
    calls = refusal.limit
    if refusal.code == "at_a_time":
        return env._(
            'Key "%(key)s" (scope "%(scope)s") may make %(calls)s calls at a time, and'
            " as many are running. Try again when one of them has ended.",
            calls=calls,
            **who,
        )
    limits = {
        "a_minute": env._("it may make %s calls a minute", calls),
        "a_day": env._("it may make %s calls a day", calls),
        "shared_a_minute": env._(
            "all keys of its scope together may make %s calls a minute", calls
        ),
        "shared_a_day": env._(
            "all keys of its scope together may make %s calls a day", calls
        ),
    }
    return env._(
        'Key "%(key)s" (scope "%(scope)s") is not accepted now: %(limit)s, and no more are'
        " left. Try again in %(seconds)s seconds.",
        limit=limits[refusal.code],
        seconds=refusal.seconds,
        **who,
    )


def model_label(env, resource) -> str:
    """Name a model as its users do, and as its programmers do."""
    name = env["ir.model"].sudo()._get(resource.model).name
    return f"{name} ({resource.model})" if name else resource.model


def _target(call):
    return ".".join(shown(name) for name in (call.model, call.method) if name)


def _reason(env, refusal):
    sentences = {
        "operation": env._("no rule grants %(operation)s on %(model)s"),
        "protected": env._(
            "no rule grants %(operation)s on %(model)s, which is protected and must be"
            " named by a rule"
        ),
        "fields": env._(
            "no single rule grants %(operation)s on %(model)s with %(names)s"
        ),
        "secrets": env._(
            "no rule on %(model)s names %(names)s, and what is secret or grants rights must"
            " be named"
        ),
        "elsewhere": env._(
            "setting %(names)s writes more than its field, and no rule on %(model)s names"
            " it"
        ),
        "lookups": env._(
            "%(names)s of %(model)s would tell of other records, and no rule names it"
        ),
        "reach": env._(
            "setting %(names)s needs a rule that grants %(operation)s on %(model)s, or"
            " one that names the field"
        ),
        "compared": env._(
            "it names records of %(model)s that the user of the key may not %(operation)s"
        ),
        "hidden": env._(
            "setting %(names)s needs records of %(model)s that the user of the key may"
            " %(operation)s, or a rule that names the field"
        ),
        "unfiltered": env._(
            "%(operation)s on %(model)s would not be limited to the records of a rule"
            " there, and no rule grants it for every record"
        ),
        "records": env._(
            "no rule grants %(operation)s on the records %(names)s of %(model)s"
        ),
        "no_records": env._(
            "it is called on no records, and the rules that grant it for %(model)s are"
            " limited to some"
        ),
        "method": env._("no rule grants the method %(names)s on %(model)s"),
        "arguments": env._(
            "no rule grants the method %(operation)s on %(model)s with the argument"
            " %(names)s"
        ),
        "dangerous": env._(
            "no rule on %(model)s names the method %(names)s, which sends or reaches"
            " whatever it is given and must be named"
        ),
        "ungrantable": env._(
            "no rule grants the method %(names)s, and none can, for it makes credentials,"
            " changes the server or runs what it is given"
        ),
        "web_client": env._(
            "the method serves the web client, which uses no key, and no rule can grant"
            " it"
        ),
        "login": env._(
            "whoever reads the mail of a user can log in as that user, so changing the"
            " email of a user's contact needs a rule that grants write on %(model)s and"
            " names its field email"
        ),
        "rights": env._(
            "it would change what the users of a group may do, so it needs a rule that grants"
            " write on %(model)s and names its fields %(names)s"
        ),
        "runs_code": env._(
            "no rule grants %(operation)s on %(model)s, and none can, for Odoo runs what"
            " it holds"
        ),
        "store": env._("%(model)s holds secrets, and no rule names it"),
        "off_limits": env._("%(model)s is out of reach of every scoped key"),
        "document_model": env._(
            "%(model)s belongs to records of any model, which this version cannot limit"
        ),
        "context": env._("the context may not hold %(names)s"),
        "unknown_model": env._("there is no such model"),
        "unknown_field": env._("%(model)s has no field %(names)s"),
        "unsupported": env._(
            "%(names)s is more than this version can limit, so it is refused"
        ),
        "malformed": env._("%(names)s is not understood"),
        "route": env._("its scope does not name this route"),
        "companies": env._(
            "the scope and the user have no company %(names)s in common"
        ),
        "no_company": env._("the scope and the user have no company in common"),
        "own_code": env._(
            "%(model)s would run code, which no route may for a scoped key"
        ),
        "failed": env._("it could not be decided"),
    }
    code, resource = refusal.code, refusal.resource
    if code == "operation" and resource.protected:
        code = "protected"
    return sentences.get(code, sentences["failed"]) % {
        "operation": _operation(env, refusal.operation),
        "model": model_label(env, resource) if resource else "",
        "names": _list(env, refusal.names),
    }


def _list(env, names):
    listed = ", ".join(map(shown, names[:NAMES_SHOWN]))
    more = len(names) - NAMES_SHOWN
    if more <= 0:
        return listed
    return env._("%(names)s and %(more)s more", names=listed, more=more)


def _operation(env, operation):
    return {
        "read": env._("read"),
        "write": env._("write"),
        "create": env._("create"),
        "unlink": env._("delete"),
        "describe": env._("anything"),
        "call": env._("calling methods"),
    }.get(operation, operation)
