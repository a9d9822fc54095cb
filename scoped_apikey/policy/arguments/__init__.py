# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How the call log shows the arguments of a call: their shape, or all of it but secrets.

What comes in was made by the caller. So the work is bounded before anything is written
down, and what is not understood is shown by its type alone.
"""

from .names import Names, is_secret_argument
from .show import FULL, LOGGED, NOTHING, SHAPE, Sent, show_arguments
from .texts import LIMIT
