# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_decide
from . import test_generic_methods
from . import test_identify
from . import test_identify_room
from . import test_narrowing
from . import test_record
from . import test_secrets
