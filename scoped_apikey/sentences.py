# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refusals in words: one sentence that says what was refused and what is missing."""

from .policy.errors import shown


def not_granted(env, call, refusal) -> str:
    """Say which call a key may not make, and why.

    :param Refusal refusal: what the policy or the footprint says
    """
    return env._(
        "Key \"%(key)s\" (scope \"%(scope)s\") may not call %(method)s: %(reason)s.",
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
    return env._(
        'Key "%(key)s" (scope "%(scope)s") is not accepted now: it is outside the hours'
        " of its scope.",
        **who,
    )


def model_label(env, resource) -> str:
    """Name a model as its users do, and as its programmers do."""
    name = env["ir.model"].sudo()._get(resource.model).name
    return f"{name} ({resource.model})" if name else resource.model


def _target(call):
    return ".".join(shown(name) for name in (call.model, call.method) if name)


def _reason(env, refusal):
    names = ", ".join(map(shown, refusal.names))
    model = model_label(env, refusal.resource) if refusal.resource else ""
    operation = _operation(env, refusal.operation)
    match refusal.code:
        case "operation":
            reason = env._(
                "no rule grants %(operation)s on %(model)s",
                operation=operation,
                model=model,
            )
            if refusal.resource.protected:
                reason = env._(
                    "%(reason)s, which is protected and must be named by a rule",
                    reason=reason,
                )
            return reason
        case "fields":
            return env._(
                "no single rule grants %(operation)s on %(model)s with %(names)s",
                operation=operation,
                model=model,
                names=names,
            )
        case "secrets":
            return env._(
                "no rule on %(model)s names %(names)s, and secrets must be named",
                model=model,
                names=names,
            )
        case "link":
            return env._(
                "setting %(names)s needs a rule that grants read on %(model)s, or one"
                " that names the field",
                names=names,
                model=model,
            )
        case "method":
            return env._(
                "no rule grants the method %(names)s on %(model)s",
                names=names,
                model=model,
            )
        case "arguments":
            return env._(
                "no rule grants the method %(method)s on %(model)s with the argument"
                " %(names)s",
                method=refusal.operation,
                model=model,
                names=names,
            )
        case "dangerous":
            return env._(
                "the method %(names)s runs or reaches whatever it is given, and no rule"
                " can grant it",
                names=names,
            )
        case "web_client":
            return env._(
                "the method serves the web client, which uses no key, and no rule can"
                " grant it"
            )
        case "off_limits":
            return env._("%(model)s is out of reach of every scoped key", model=model)
        case "document_model":
            return env._(
                "%(model)s belongs to records of any model, which this version cannot"
                " limit",
                model=model,
            )
        case "context":
            return env._("the context may not hold %(names)s", names=names)
        case "unknown_model":
            return env._("there is no model that a rule could grant")
        case "unknown_field":
            return env._(
                "%(model)s has no field %(names)s", model=model, names=names
            )
        case "unsupported":
            return env._(
                "%(names)s is more than this version can limit, so it is refused",
                names=names,
            )
        case "malformed":
            return env._("%(names)s is not understood", names=names)
        case "route":
            return env._("no rule can grant this route")
        case _:
            return env._("it could not be decided")


def _operation(env, operation):
    return {
        "read": env._("read"),
        "write": env._("write"),
        "create": env._("create"),
        "unlink": env._("delete"),
        "describe": env._("anything"),
    }.get(operation, operation)
