"""Calls told by a telephone exchange: its file of call detail records, read into the ledger.

Asterisk's `Master.csv`, or any CSV or XLSX whose columns are told once and kept by name. A file is read into legs
(`models`), legs are judged a call at a time (`judging`) and written (`writing`); `jobs` leads a file through it.
"""
