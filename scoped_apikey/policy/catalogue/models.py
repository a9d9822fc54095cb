# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which models are out of reach, run code, must be named, or speak of others?"""

import re
from typing import NamedTuple

OFF_LIMITS = re.compile(
    r"""apikey\..*
    | res\.users\.apikeys(\..*)?
    | auth[_.](totp|passkey)\..*
    | res\.users\.identitycheck
    | privacy\.lookup\..*  # shows the names of any rows, as superuser
    """,
    re.VERBOSE,
)
"""Keys, second factors, scopes and logs: no scope reaches what scopes are made of."""

RUNS_CODE = re.compile(
    r"""ir\.(actions\..* | cron | model | model\.fields(\..*)? | ui\.view(\..*)?)
    | ir\.(rule | qweb.* | asset | embedded\.actions)
    | ir\.(default | model\.data)  # values, and names of records, that code is run by
    | ir\.module\..* | base\.(module|automation|import)\..* | base\.automation
    | base_import\..* | digest\..*
    | gamification\..* | accounting\.assert\.test | theme\..*
    """,
    re.VERBOSE,
)
"""Odoo runs what these hold: whoever could write to them could free a key of its scope.
No scope grants more than reading them, and observing does not let more through.
"""

PROTECTED = re.compile(
    r"""ir\..*                     # code, rights, parameters, views, attachments
    | base\..* | base_import\..*   # modules, automations, imports, merges of partners
    | res\.(users|groups|config|device|role)(\..*)?
    | change\.password\..*
    | auth_.* | auth\..*
    | mail\..*                    # templates, aliases, followers, composers
    | fetchmail\..* | sms\..* | iap\..* | snailmail\..*
    | payment\.(provider|token|transaction|method)
    | certificate\..* | bus\..* | digest\..* | discuss\..*
    | cloud\.storage\..* | calendar\.provider\..*
    | sale\.pdf\..*               # paths that a document follows as superuser
    | project\.collaborator | .*\.activity\.report
    | spreadsheet\..* | privacy\..* | onboarding\..* | website(\..*)? | web_tour\..*
    | (.*\.)?(wizard|share)(\..*)? # assistants act for, and share with, anyone
    """,
    re.VERBOSE,
)
"""What runs code, grants rights or holds secrets: covered only by a rule that names it."""

RUNNING_MIXINS = frozenset({"mail.render.mixin", "ir.actions.actions"})
"""Odoo runs or renders what anything that inherits from these holds, too."""

PROTECTED_MIXINS = RUNNING_MIXINS | {"spreadsheet.mixin"}
"""Whatever inherits from these is protected."""


PARAMETERS = "ir.config_parameter"
"""Settings and secrets side by side: which a row is, its key tells."""


class DocumentLink(NamedTuple):
    """How the rows of a model say which document they belong to.

    :param model_field: holds the document's model
    :param id_field: holds the document's id
    :param through: instead of both, the many2one to rows that say so
    :param field_name: holds the name of the document's field that a row is the value of
    """

    model_field: str = "res_model"
    id_field: str = "res_id"
    through: str = ""
    field_name: str = ""


DOCUMENTS = {
    "ir.attachment": DocumentLink(field_name="res_field"),
    "mail.activity": DocumentLink(),
    "mail.followers": DocumentLink(),
    "mail.mail": DocumentLink(through="mail_message_id"),
    "mail.message": DocumentLink(model_field="model"),
    "mail.notification": DocumentLink(through="mail_message_id"),
    "mail.scheduled.message": DocumentLink(model_field="model"),
    "mail.tracking.value": DocumentLink(through="mail_message_id"),
    "product.document": DocumentLink(through="ir_attachment_id"),
    "quotation.document": DocumentLink(through="ir_attachment_id"),
    "rating.rating": DocumentLink(),
}
"""The models whose rows belong to a document of any model, and how they say so."""


SECRET_STORES = re.compile(
    r"""apikey\..* | res\.users\.(apikeys(\..*)? | identitycheck | deletion)
    | auth[_.](totp|passkey)\..* | auth\.oauth\.provider | res\.company\.ldap
    | res\.device(\..*)? | change\.password\..*
    | ir\.(config_parameter | mail_server | logging) | res\.config(\..*)?
    | fetchmail\..* | mail\.(ice\.server | mail) | iap\.account | sms\.account\..*
    | payment\.(provider|token) | certificate\..* | cloud\.storage\..*
    | calendar\.provider\..* | google\..* | microsoft\..*
    """,
    re.VERBOSE,
)
"""Models that hold the secrets of others. While a generic method runs, the ORM itself
refuses them outside sudo unless a rule names them, whatever made Odoo go there.
"""


def is_secret_store(model: str) -> bool:
    """Tell whether a model holds keys, devices, parameters, mail servers or the like."""
    return SECRET_STORES.fullmatch(model) is not None


def is_off_limits(model: str) -> bool:
    """Tell whether no rule may ever grant anything on a model."""
    return OFF_LIMITS.fullmatch(model) is not None


def is_protected_name(model: str) -> bool:
    """Tell whether a model is protected by its name alone."""
    return PROTECTED.fullmatch(model) is not None


def runs_code(model: str) -> bool:
    """Tell whether Odoo runs what a model holds, by its name alone."""
    return RUNS_CODE.fullmatch(model) is not None
