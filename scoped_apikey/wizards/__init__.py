# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import apikey_export_wizard
from . import apikey_limit_wizard
from . import apikey_rotate_wizard
from . import base_module_uninstall
from . import res_users_apikeys_description
from . import res_users_apikeys_show
