"""The rows of the platform's one database, shared by its services; timestamps are naive UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant."""

    id: str
    name: str
    created_at: datetime
    log_payloads: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """An account; the password is kept as a digest, `totp_secret` is base32."""

    id: str
    email: str
    password: str = field(repr=False)
    created_at: datetime
    totp_secret: str = field(default="", repr=False)
    totp_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's role in an organisation; the id is `user/organisation`."""

    id: str
    user: str
    organisation: str
    role: str


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions; the id is the name."""

    id: str
    description: str | None
    permissions: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation into an organisation."""

    id: str
    organisation: str
    email: str
    role: str
    token: str = field(repr=False)
    status: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An `sk-` key; found by its first six characters, then compared whole."""

    id: str
    organisation: str
    name: str
    secret: str = field(repr=False)
    created_at: datetime
    is_active: bool = True
    last_used_at: datetime | None = None

    @property
    def prefix(self) -> str:
        """What lists show of the key."""
        return self.secret[:6] + "..."


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt template; the id is `organisation/name`."""

    id: str
    organisation: str
    name: str
    content: str
    description: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy's configuration for an organisation or one of its deployments."""

    id: str
    organisation: str
    kind: str
    deployment: str | None
    config: Mapping[str, Any]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model deployment; created_at is null for those that orchestration made."""

    id: str
    organisation: str | None
    model_name: str
    state: str
    pool: str
    engine: str | None
    endpoint: str | None
    owner: str | None
    workload: str = "inference"
    replicas: int = 1
    configuration: Mapping[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    inference_model: str | None = None
    job: str = ""
    """The provider's job whose logs the sidecar streams; empty when no node is assigned."""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A compute pool."""

    id: str
    name: str
    provider: str
    owner: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a pool."""

    id: str
    pool: str
    provider: str
    instance: str
    state: str
    gpu_allocated: int = 0
    vcpu_allocated: int = 0
    expose_url: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """An entry of the model registry."""

    id: str
    name: str
    version: str
    backend: str
    artifact_uri: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A file in a collection of the knowledge base."""

    id: str
    organisation: str
    collection: str
    filename: str
    text: str


@dataclass(frozen=True, slots=True)
class InferenceLog:
    """One completed chat request."""

    id: str
    deployment: str
    user: str
    model: str
    ip_address: str | None
    payload: Mapping[str, Any] | None
    created_at: datetime
    latency_ms: int | None = None
    ttft_ms: int | None = None
    tokens_per_second: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    status_code: int = 200
    error_message: str | None = None
    is_streaming: bool = False
    applied_policies: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log."""

    id: str
    timestamp: datetime
    organisation: str | None
    user: str | None
    action: str
    resource_type: str | None
    resource_id: str | None
    details: Mapping[str, Any] | None
    ip_address: str | None
    status: str
