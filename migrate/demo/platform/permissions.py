"""The platform's permissions and its two built-in roles, in the order that lists show them."""

from __future__ import annotations

ALL = (
    "admin:all",
    *(f"api_key:{verb}" for verb in ("create", "list", "revoke")),
    *(f"deployment:{verb}" for verb in ("create", "list", "update", "delete")),
    *(f"prompt_template:{verb}" for verb in ("create", "list", "view", "update", "delete")),
    "model:access",
    *(f"member:{verb}" for verb in ("invite", "delete", "list", "update")),
    *(f"knowledge_base:{verb}" for verb in ("create", "add_data", "delete", "list", "view", "update")),
    *(f"role:{verb}" for verb in ("create", "list", "view", "update", "delete")),
    *(f"user:{verb}" for verb in ("list", "view", "update", "delete")),
    *(f"audit_log:{verb}" for verb in ("list", "view")),
    *(f"organization:{verb}" for verb in ("view", "update")),
)

MEMBER = (
    "deployment:list",
    "model:access",
    "prompt_template:list",
    "prompt_template:view",
    "knowledge_base:list",
    "knowledge_base:view",
    "knowledge_base:add_data",
    "organization:view",
    "user:list",
    "user:view",
)

AUDITOR = ("audit_log:list", "deployment:list")


def granted(permissions: tuple[str, ...], wanted: str) -> bool:
    """Whether a role's permissions include the wanted one; `admin:all` includes every one."""
    return wanted in permissions or "admin:all" in permissions
