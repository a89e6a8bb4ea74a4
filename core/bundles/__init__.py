"""Bundles: deterministic archives of parser folders, made, verified and extracted."""

from casparian.core.bundles.archive import contents, extract, members, source_hash_of, verify
from casparian.core.bundles.bundle import BUNDLE_LIMIT, Bundle, build_bundle, project_folder
from casparian.core.bundles.errors import BundleCorruptError, BundleError
from casparian.core.bundles.tree import LeftOut

__all__ = [
    "BUNDLE_LIMIT",
    "Bundle",
    "BundleCorruptError",
    "BundleError",
    "LeftOut",
    "build_bundle",
    "contents",
    "extract",
    "members",
    "project_folder",
    "source_hash_of",
    "verify",
]
