# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# What others inherit from comes first.
from . import apikey_catalogue
from . import apikey_guarded
from . import apikey_log
from . import apikey_call
from . import apikey_history
from . import apikey_seal
from . import apikey_usage
from . import apikey_verification
from . import apikey_scope
from . import apikey_scope_rule
from . import apikey_scope_rule_words
from . import apikey_scope_window
from . import ir_actions_server
from . import ir_config_parameter
from . import ir_module_module
from . import ir_rule
from . import mail_template
from . import res_company
from . import res_config_settings
from . import res_groups
from . import res_partner
from . import res_users
from . import res_users_apikeys
