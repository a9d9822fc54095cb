# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is known of Odoo's names: which are generic, protected, secret, dangerous.

All lists are closed. A method that is on none of the lists of methods is denied, so that
an upgrade of Odoo fails closed. What needs Odoo's metadata, and what modules add, is in
the model ``apikey.catalogue``.
"""

from .context import COMPANIES, HARMLESS_CONTEXT, is_harmless_context
from .fields import (
    BY_NAME_FIELDS,
    DOOR_PARAMETERS,
    LOOKUP_FIELDS,
    NAMES_SEARCHED,
    NOT_SECRET,
    SECRET_FIELDS,
    SECRET_FIELDS_OF,
    SECRET_PARAMETERS,
    is_door_parameter,
    is_kept,
    is_run,
    is_secret_field,
    is_secret_parameter,
)
from .methods import (
    ARGUMENT_MODELS,
    DANGEROUS_ARGUMENTS,
    DANGEROUS_METHODS,
    GENERIC_METHODS,
    HARMLESS_METHODS,
    READING_METHODS,
    SAFE_ARGUMENTS,
    SAFE_MIXIN_METHODS,
    SAFE_VALUES,
    UNGRANTABLE_METHODS,
    WEB_CLIENT_METHODS,
    is_dangerous_argument,
)
from .models import (
    DOCUMENTS,
    OFF_LIMITS,
    PARAMETERS,
    PROTECTED,
    PROTECTED_MIXINS,
    RUNNING_MIXINS,
    RUNS_CODE,
    SECRET_STORES,
    DocumentLink,
    is_off_limits,
    is_protected_name,
    is_secret_store,
    runs_code,
)
