"""Putting the seed into an empty world."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from migrate.demo.platform import permissions, rows
from migrate.demo.platform.seed import NO_POOL
from migrate.demo.platform.values import digest, new_id, now

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World

SEEDED = datetime(2026, 2, 1)  # noqa: DTZ001 - the platform's timestamps have no zone
ENDPOINT = "http://127.0.0.1:9100"
"""Where seeded deployments say their model runs; the chat upstream is built in and never dials it."""


def plant(world: World, seed: Seed) -> None:
    """Organisations, people, roles, keys, templates, pools, deployments, logs and documents."""
    began = now() - timedelta(minutes=10)
    _people(world, seed, began)
    _settings(world, seed, began)
    _compute(world, seed)
    _history(world, seed, began)
    if seed.foreign:
        _foreign(world, seed, began)


def _people(world: World, seed: Seed, began: datetime) -> None:
    world.organisations.insert(rows.Organisation(seed.organisation, seed.organisation_name, began))
    for name, text, granted in (
        ("admin", "Administrator with full access", permissions.ALL),
        ("member", "Standard organization member", permissions.MEMBER),
        ("auditor", "read only", permissions.AUDITOR),
    ):
        world.roles.insert(rows.Role(name, text, granted, began, began))
    secret = seed.admin_totp_secret
    for user, role in (
        (rows.User(seed.admin, seed.admin_email, digest(seed.admin_password), began, secret, bool(secret)), "admin"),
        (rows.User(seed.member, seed.member_email, digest(seed.member_password), began), "member"),
    ):
        world.users.insert(user)
        world.memberships.insert(
            rows.Membership(f"{user.id}/{seed.organisation}", user.id, seed.organisation, role),
        )
    world.invitations.insert(
        rows.Invitation(
            seed.invitation,
            seed.organisation,
            seed.invitee_email,
            "member",
            seed.invitation_token,
            "pending",
            began + timedelta(days=2),
            began,
        ),
    )


def _settings(world: World, seed: Seed, began: datetime) -> None:
    organisation = seed.organisation
    world.api_keys.insert(rows.ApiKey(seed.api_key_id, organisation, "seed key", seed.api_key, SEEDED))
    content = "You are a helpful agent. Context: {{ context }}"
    template_id = f"{organisation}/{seed.template}"
    world.templates.insert(
        rows.Template(template_id, organisation, seed.template, content, "Support agent", began),
    )
    quota = {"request_limit": 1000, "token_limit": 100000}
    world.policies.insert(rows.PolicyRow(new_id(), organisation, "quota", None, quota, began))
    text = "Refunds are possible within 30 days.\n"
    world.documents.insert(
        rows.Document(new_id(), organisation, seed.collection, "handbook.txt", text),
    )
    world.providers = {
        "cloud": {"aws": {"access_key_id": None, "secret_access_key": None, "region": "ap-south-1"}},
        "vectordb": {
            "chroma": {
                "api_key": None,
                "tenant": None,
                "url": "http://localhost:8000",
                "is_local": True,
                "database": None,
            },
        },
        "guardrails": {"groq": {"api_key": None}, "lakera": {"api_key": None}},
        "depin": {
            "nosana": {"wallet_private_key": None, "api_key": seed.nosana_key},
            "akash": {"mnemonic": None},
        },
    }


def _compute(world: World, seed: Seed) -> None:
    organisation, pool = seed.organisation, seed.pool
    world.pools.insert(rows.Pool(pool, "seed-nosana", "nosana", organisation))
    world.pools.insert(rows.Pool(seed.second_pool, "aws-pool", "aws", organisation))
    world.nodes.insert(rows.Node(f"{pool[:-1]}a", pool, "nosana", "job-running-1", "ready", 1, 8, ENDPOINT))
    world.nodes.insert(rows.Node(f"{pool[:-1]}b", pool, "nosana", "done-job-2", "busy"))
    for identity, model, state, job in (
        (seed.running_deployment, "llama-live", "RUNNING", "job-running-1"),
        (seed.stopped_deployment, "llama-done", "STOPPED", "done-job-2"),
    ):
        deployment = rows.Deployment(
            identity,
            organisation,
            model,
            state,
            pool,
            "vllm",
            ENDPOINT,
            seed.admin,
            inference_model="fake-1",
            job=job,
            created_at=SEEDED,
        )
        world.deployments.insert(deployment)
    world.deployments.insert(
        rows.Deployment(
            seed.external_deployment,
            organisation,
            seed.external_model,
            "RUNNING",
            NO_POOL,
            "openai",
            ENDPOINT,
            seed.admin,
            workload="external",
            configuration={"provider": "openai", "model": "fake-1", "api_key": seed.upstream_key},
        ),
    )


def _history(world: World, seed: Seed, began: datetime) -> None:
    _audited(world, seed)
    asked = (
        (seed.external_deployment, seed.external_model, False, 237, None, 21.1, 3, 5),
        (seed.external_deployment, seed.external_model, True, 752, 268, 11.97, 7, 9),
        (seed.running_deployment, "llama-live", False, 162, None, 30.86, 3, 5),
    )
    for number, (deployment, model, stream, latency, first, rate, prompt, completion) in enumerate(asked):
        message = {"role": "user", "content": f"seed question {number}"}
        world.count_usage(seed.api_key_id, model, tokens=prompt + completion)
        world.logs.insert(
            rows.InferenceLog(
                f"10000000-0000-4000-8000-{number:012d}",
                deployment,
                f"apikey:{seed.api_key_id}",
                model,
                f"10.0.0.{number + 1}",
                {"model": model, "stream": stream, "messages": [message]},
                began + timedelta(seconds=number),
                latency,
                first,
                rate,
                prompt,
                completion,
                prompt + completion,
                is_streaming=stream,
                applied_policies=("quota", "prompt_template"),
            ),
        )


def _audited(world: World, seed: Seed) -> None:
    policy = next(iter(world.policies)).id
    document = next(iter(world.documents))
    added = {"filename": document.filename, "collection": document.collection}
    deployed = {"name": seed.external_model, "model": "latest", "pool_id": NO_POOL}
    for action, resource, details in (
        ("user.login", None, {"org_id": seed.organisation, "role": "admin"}),
        ("prompt_template.create", ("prompt_template", seed.template), {"description": "Support agent"}),
        ("config.update", ("policy", policy), {"policy_type": "quota", "deployment_id": None}),
        ("knowledge_base.add_document", ("knowledge_base_document", document.id), added),
        ("deployment.create", ("deployment", seed.external_deployment), deployed),
    ):
        world.record(action, user=seed.admin, organisation=seed.organisation, resource=resource, details=details)


def _foreign(world: World, seed: Seed, began: datetime) -> None:
    organisation, user = seed.foreign_organisation, seed.foreign_user
    world.organisations.insert(rows.Organisation(organisation, "Foreign Organization", began))
    world.users.insert(rows.User(user, seed.foreign_email, digest(seed.foreign_password), began))
    world.memberships.insert(rows.Membership(f"{user}/{organisation}", user, organisation, "admin"))
    world.api_keys.insert(
        rows.ApiKey(seed.foreign_api_key_id, organisation, "foreign key", seed.foreign_api_key, SEEDED),
    )
    world.pools.insert(rows.Pool(seed.foreign_pool, "foreign-pool", "nosana", organisation))
    world.deployments.insert(
        rows.Deployment(
            seed.foreign_deployment,
            organisation,
            "foreign-model",
            "RUNNING",
            seed.foreign_pool,
            "vllm",
            ENDPOINT,
            user,
            inference_model="fake-1",
            created_at=SEEDED,
        ),
    )
