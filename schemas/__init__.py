"""What the data is: documents, measurements, labels, audits, tickets, profiles, manifests."""

SCHEMA_VERSION = 1
CODE_VERSION = "0.2.0"
