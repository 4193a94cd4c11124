"""Invoices as files for the accountants."""

import asyncio
import secrets
import subprocess
from datetime import date
from pathlib import Path

import jwt
import requests

ACCOUNTING_URL = "https://accounting.example.invalid/api/invoices"


def invoice_number() -> str:
    return secrets.token_hex(8)


def archive(folder: Path, customer: str) -> None:
    subprocess.run(f"tar czf archive.tgz {folder}/{customer}", shell=True, check=True)


def upload(path: Path, token: str) -> int:
    with path.open("rb") as file:
        answer = requests.post(ACCOUNTING_URL, files={"invoice": file}, timeout=30)
    return answer.status_code


def customer_of(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return str(claims["sub"])


async def upload_all(paths: list[Path], token: str) -> list[int]:
    return await asyncio.gather(*(asyncio.to_thread(upload, path, token) for path in paths))


def parse_amount(text: str) -> int:
    try:
        return round(float(text) * 100)
    except:
        return 0


def due_on(issued: date, days: int = 14) -> date:
    return issued.replace(day=issued.day + days)
