# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Secrets that were proven once, so that a key's slow hash is computed once a process.

What is remembered is a digest of a secret together with the hash that it proved, keyed with
what only this process knows: no secret is kept. Whether a key exists, and how its hash
reads, is asked of the database at every call, so there is nothing to forget when a key
goes: its digest just matches no row any more.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict

KEPT = 20_000
"""So many proofs are kept, those that were used last. Each takes some 250 bytes."""

_own_key = secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
_lock = threading.Lock()
_proofs = OrderedDict()


def proves(secret: str, hashed: str, verify) -> bool:
    """Tell whether a secret is that of a key.

    Only success is remembered, so that guessing fills nothing.

    :param secret: what a caller sent
    :param hashed: the key's hash, as the database has it for this very call
    :param verify: takes both, computes the hash and compares
    """
    proof = _digest(secret, hashed)
    with _lock:
        if proof in _proofs:
            _proofs.move_to_end(proof)
            return True
    if not verify(secret, hashed):
        return False
    with _lock:
        _proofs[proof] = None
        if len(_proofs) > KEPT:
            _proofs.popitem(last=False)
    return True


def _digest(secret, hashed) -> bytes:
    # No hash holds a NUL, so that the two cannot be cut in another place.
    text = f"{hashed}\0{secret}".encode(errors="surrogatepass")
    return hashlib.blake2b(text, key=_own_key, digest_size=32).digest()
