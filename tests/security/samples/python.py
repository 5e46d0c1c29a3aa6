"""What our own rules must find (tests/security/test_static.py): the line after each `# finds:`, and no other."""
# ruff: noqa

import asyncio
import os
import pickle
import ssl
import subprocess

import httpx
import joblib
import numpy
import sqlalchemy
import structlog
import yaml
from markupsafe import Markup
from sqlalchemy import text

log = structlog.get_logger(__name__)


async def bad(session, name, table, context):
    # finds: sql-from-a-string
    await session.execute(text(f"SELECT * FROM person WHERE name = '{name}'"))
    # finds: sql-from-a-string
    await session.execute(sqlalchemy.text("SELECT * FROM " + table))
    # finds: sql-from-a-string
    await session.execute(text("SELECT * FROM %s" % table))
    # finds: sql-from-a-string
    await session.execute(text("SELECT * FROM {}".format(table)))
    # finds: httpx-without-timeout
    httpx.get("https://ejemplo.gob.mx")
    # finds: httpx-without-timeout
    httpx.AsyncClient(trust_env=False)
    # finds: redirects-followed
    httpx.AsyncClient(timeout=5, follow_redirects=True)
    # finds: tls-not-verified
    httpx.AsyncClient(timeout=5, verify=False)
    # finds: tls-not-verified
    context.check_hostname = False
    # finds: tls-not-verified
    ssl._create_unverified_context()
    # finds: personal-data-in-a-log
    log.info("filed", petition_id="1", phone=name)
    # finds: log-of-a-sentence
    log.warning(f"filed by {name}")
    # finds: yaml-that-runs-code
    yaml.load(name)
    # finds: pickle-that-runs-code
    pickle.loads(name)
    # finds: pickle-that-runs-code
    joblib.load(name)
    # finds: pickle-that-runs-code
    numpy.load(name, allow_pickle=True)
    # finds: shell
    subprocess.run(name, shell=True, check=True)
    # finds: shell
    os.system(name)
    # finds: shell
    await asyncio.create_subprocess_shell(name)
    # finds: html-marked-safe-in-code
    return Markup(name)


async def good(session, name):
    await session.execute(text("SELECT * FROM person WHERE name = :name"), {"name": name})
    httpx.AsyncClient(timeout=5, trust_env=False)
    log.info("filed", petition_id="1")
    subprocess.run([name], check=True)
    return yaml.safe_load(name)
