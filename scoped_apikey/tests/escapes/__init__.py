# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every escape that was tried, as data: one file a kind."""

from .companies import COMPANY
from .contexts import CONTEXTS
from .documents import DOCUMENTS
from .domains import DOMAINS
from .methods import METHODS
from .reading import READING
from .records import RECORDS
from .secrets import SECRETS
from .writing import WRITING

SECTIONS = (
    DOMAINS,
    READING,
    WRITING,
    DOCUMENTS,
    SECRETS,
    RECORDS,
    METHODS,
    CONTEXTS,
    COMPANY,
)
