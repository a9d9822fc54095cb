# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_access
from . import test_call
from . import test_decide
from . import test_generic_methods
from . import test_identify
from . import test_identify_room
from . import test_key_buttons
from . import test_keys
from . import test_narrowing
from . import test_observe
from . import test_record
from . import test_scope
from . import test_scope_rule
from . import test_secrets
from . import test_settings
from . import test_tours
from . import test_uninstall
