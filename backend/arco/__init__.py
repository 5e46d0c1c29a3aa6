"""ARCO requests: what a person asks of the data that the office holds on them, and by when it must be done."""
