"""The clean-production evaluation and the audit report; `documents` puts the parts together."""
