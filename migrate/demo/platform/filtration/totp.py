"""The second factor: setup overwrites the secret each time, verify enables it."""

import base64
import hashlib
import struct
import zlib

import pyotp
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import Account
from migrate.demo.platform.filtration.auth import code_holds
from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/totp")
_SIDE = 33


class TOTPVerifyRequest(BaseModel):
    """The code that proves the secret arrived."""

    totp_code: str


@router.post("/setup")
async def setup(user: Account, world: Here) -> Response:
    """A new secret, with a picture in place of the QR code."""
    secret = pyotp.random_base32()
    world.users.update(user.id, totp_secret=secret)
    picture = base64.b64encode(portrait(secret)).decode()
    return JSONResponse({"secret": secret, "qr_code": f"data:image/png;base64,{picture}"})


@router.post("/verify")
async def verify(body: TOTPVerifyRequest, user: Account, world: Here) -> Response:
    """Enables the second factor when the code holds."""
    if not user.totp_secret:
        raise refuse(400, "TOTP not set up")
    if not code_holds(user.totp_secret, body.totp_code):
        raise refuse(400, "Invalid Code")
    world.users.update(user.id, totp_enabled=True)
    return JSONResponse({"status": "enabled"})


@router.post("/disable")
async def disable(user: Account, world: Here) -> Response:
    """Takes the second factor away."""
    world.users.update(user.id, totp_enabled=False, totp_secret="")
    return JSONResponse({"status": "disabled"})


def portrait(secret: str) -> bytes:
    """A small black-and-white PNG that depends on the secret; cameras read nothing in it."""
    bits = hashlib.shake_256(secret.encode()).digest(_SIDE * 5)
    lines = b"".join(b"\0" + bits[row * 5 : row * 5 + 5] for row in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
