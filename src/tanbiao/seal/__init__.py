"""Seal: statements, keys, bundles, verify. The clock is an argument."""

from .archive import read_archive, write_archive
from .bundle import SUFFIX, BundleContent, Extracted, bundle, countersign, lock_of, open_bundle, statement_of
from .figures import Evaluated, Measured, measured, results_data
from .intensities import INTENSITIES, read_intensities
from .keys import KeyPair, PublicKey, create_key, key_folder, key_from_pem, load_key, new_key, read_public
from .lock import Lock, engine, read_lock
from .share import LibraryFolder, read_solved, shared
from .statement import Figure, StagePart, Statement, VerifiedBy, read, sign, statement_digest
from .verify import LEVELS, VERDICTS, LibraryUnavailable, Rerun, Signer, Verification, verify

__all__ = [
    "INTENSITIES",
    "LEVELS",
    "SUFFIX",
    "VERDICTS",
    "BundleContent",
    "Evaluated",
    "Extracted",
    "Figure",
    "KeyPair",
    "LibraryFolder",
    "LibraryUnavailable",
    "Lock",
    "Measured",
    "PublicKey",
    "Rerun",
    "Signer",
    "StagePart",
    "Statement",
    "Verification",
    "VerifiedBy",
    "bundle",
    "countersign",
    "create_key",
    "engine",
    "key_folder",
    "key_from_pem",
    "load_key",
    "lock_of",
    "measured",
    "new_key",
    "open_bundle",
    "read",
    "read_archive",
    "read_intensities",
    "read_lock",
    "read_public",
    "read_solved",
    "results_data",
    "shared",
    "sign",
    "statement_digest",
    "statement_of",
    "verify",
    "write_archive",
]
