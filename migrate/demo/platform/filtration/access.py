"""The caller and the permission that a handler asks for."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.permissions import granted
from migrate.demo.platform.rows import User
from migrate.demo.platform.wire import Here, refuse


async def _caller(request: Request) -> Caller:
    # On /internal/auth/* nobody set a caller: the AttributeError is the platform's 500 there.
    caller: Caller = request.state.caller
    return caller


Who = Annotated[Caller, Depends(_caller)]
"""The caller, as a handler's argument."""


async def _user(caller: Who, world: Here) -> User:
    user = world.users.get(caller.user)
    if user is None:
        raise refuse(404, "User not found")
    return user


Account = Annotated[User, Depends(_user)]
"""The caller's account, as a handler's argument."""


def permitted(permission: str) -> Callable[[Caller, Here], Awaitable[Caller]]:
    """A dependency: the caller, when the role in the token has the permission now; otherwise 403."""

    async def check(caller: Who, world: Here) -> Caller:
        if not granted(world.permissions_of(caller.roles), permission):
            raise refuse(403, f"Permission denied: {permission} required")
        return caller

    return check


def admin(refusal: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, when the token carries the admin role; otherwise 403 with this text."""

    async def check(caller: Who) -> Caller:
        if not caller.is_admin:
            raise refuse(403, refusal)
        return caller

    return check


def client_address(request: Request) -> str:
    """The address that limits count: the first element of X-Forwarded-For, whoever wrote it."""
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded:
        return forwarded.split(",")[0].strip()
    return request.client.host if request.client else "unknown"
