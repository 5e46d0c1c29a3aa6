"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2): municipal systems file and follow petitions."""
