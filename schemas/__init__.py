"""What the data is: documents, measurements, labels, audits, tickets, profiles, manifests."""

SCHEMA_VERSION = 1
