"""The one path of every write, on values: what is sent and what is there, in; what is stored, out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from lmos.apiserver.apply import applied
from lmos.apiserver.fieldsets import fields
from lmos.apiserver.metadata import ANNOTATIONS_LIMIT_BYTES, STANDARD_FINALIZERS, SYSTEM_FIELDS
from lmos.apiserver.ownership import Manager, after_update, difference, managers_of, owned_by
from lmos.apiserver.status import (
    ApiError,
    Cause,
    apply_conflict,
    bad_request,
    conflict,
    invalid,
)
from lmos.apiserver.values import canonical, without_nulls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest


@dataclass(frozen=True, slots=True)
class Intent:
    """
    Who writes, when (RFC 3339), to which subresource, and how strictly unknown fields are taken.

    What is `doubtful` in what was sent, before anybody knows its kind, is taken as strictly. Of a dry run,
    nothing is stored.
    """

    manager: str
    now: str
    subresource: str = ""
    unknown_fields: Literal["Ignore", "Warn", "Strict"] = "Warn"
    doubtful: tuple[str, ...] = ()
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """An object as a client sent it, without the fields that its kind does not know."""

    manifest: Manifest
    warnings: tuple[str, ...] = ()


def draft_of(resource: Resource, sent: Json, intent: Intent, *, is_apply: bool = False) -> Draft:
    """
    Read what a client sent.

    Raises:
        ApiError: 400 when it is no object of this kind, or has unknown fields or one twice and `intent` is
            strict. As a real server says it, 500 for an apply of unknown fields.
    """
    metadata = sent.get("metadata") if isinstance(sent, dict) else None
    if not isinstance(sent, dict) or not isinstance(metadata, (dict, type(None))):
        raise bad_request("the body is not a Kubernetes object: an object with apiVersion, kind and metadata")
    kind = resource.kind
    said = sent.get("apiVersion", kind.api_version), sent.get("kind", kind.kind)
    if said != (kind.api_version, kind.kind):
        raise bad_request(
            f"the body is {said[1]} in {said[0]}, this path takes {kind.kind} in {kind.api_version}"
        )
    body = sent if resource.is_custom else without_nulls(sent)
    named = {"apiVersion": kind.api_version, "kind": kind.kind}
    manifest = {**body, **named, "metadata": without_nulls(metadata or {})}
    kept, unknown = resource.schema.pruned(manifest)
    if is_apply and unknown:
        named = manifest["metadata"]
        where = f"{named.get('namespace', '')}/{named.get('name', '')}; {kind.group}/{kind.version}"
        why = f".{unknown[0]}: field not declared in schema"
        message = f"failed to create typed patch object ({where}, Kind={kind.kind}): {why}"
        raise ApiError(500, "", message)
    problems = (*intent.doubtful, *(f'unknown field "{path}"' for path in unknown))
    if problems and intent.unknown_fields == "Strict":
        label = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'
        raise bad_request(f"{label}: strict decoding error: {', '.join(problems)}")
    return Draft(kept, problems if intent.unknown_fields == "Warn" else ())


def created(
    resource: Resource,
    manifest: Manifest,
    intent: Intent,
    uid: str,
    managers: tuple[Manager, ...] | None = None,
) -> Manifest:
    """
    The object to store for a new one.

    Args:
        resource: Its kind.
        manifest: What the client wants, pruned.
        intent: Who creates it.
        uid: Its identity; the end of it completes `generateName`.
        managers: Who owns its fields; without them `intent.manager` owns all.

    Raises:
        ApiError: 400 or 422 where it breaks a rule of the kind.
    """
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in SYSTEM_FIELDS}
    if manifest["metadata"].get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + "".join(filter(str.isalnum, uid))[-5:].lower()
    metadata |= {"uid": uid, "creationTimestamp": intent.now}
    if resource.counts_generations:
        metadata["generation"] = 1
    dropped = {"metadata"} | ({"status"} if resource.has_status else set())
    body = {key: value for key, value in manifest.items() if key not in dropped}
    draft = {"apiVersion": body.pop("apiVersion"), "kind": body.pop("kind"), "metadata": metadata, **body}
    complete = _completed(resource, draft, None)
    return _owned(resource, {"metadata": {}, **resource.blank}, complete, intent, managers)


def updated(
    resource: Resource,
    live: Manifest,
    manifest: Manifest,
    intent: Intent,
    managers: tuple[Manager, ...] | None = None,
) -> Manifest:
    """
    The object to store in place of `live`; `live` itself when nothing changes.

    Args:
        resource: Its kind.
        live: The object as it is, in the version of `resource`.
        manifest: The object as the client wants it, pruned.
        intent: Who changes it; with the subresource `status` only the status is taken, without it all else.
        managers: Who owns its fields; without them `intent.manager` owns what changes.

    Raises:
        ApiError: 409 when `live` is not what the client read, 422 where the result breaks a rule.
    """
    _refuse_other(resource, live, manifest)
    if intent.subresource == "status":
        body, status = live, manifest
    else:
        body = {**manifest, "metadata": _metadata_after(resource, live, manifest)}
        status = live if resource.has_status else manifest
    wanted = {key: value for key, value in body.items() if key != "status"}
    if "status" in status:
        wanted["status"] = status["status"]
    complete = _completed(resource, wanted, live)
    if resource.counts_generations and _content(resource, complete) != _content(resource, live):
        generation = live["metadata"].get("generation", 0) + 1
        complete = {**complete, "metadata": {**complete["metadata"], "generation": generation}}
    if manifest["metadata"].get("managedFields") == [{}]:
        # This is how a client asks that all ownership be forgotten.
        managers = ()
    owned = _owned(resource, live, complete, intent, managers)
    return live if canonical(owned) == canonical(live) else owned


def server_side_applied(
    resource: Resource, live: Manifest | None, wanted: Manifest, intent: Intent, uid: str, *, force: bool
) -> Manifest:
    """
    The object to store after `intent.manager` applied `wanted`; `live` itself when nothing changes.

    Raises:
        ApiError: 409 naming managers and fields in conflict, and all that `created` and `updated` raise.
    """
    if "managedFields" in wanted["metadata"]:
        raise bad_request("metadata.managedFields must be nil")
    if resource.has_status:
        own = ("apiVersion", "kind", "metadata", "status")
        is_status = intent.subresource == "status"
        wanted = {k: v for k, v in wanted.items() if (k in own if is_status else k != "status")}
    if intent.subresource:
        wanted = {**wanted, "metadata": {"name": wanted["metadata"].get("name", "")}}
    writer = Manager(intent.manager, "Apply", resource.kind.api_version, intent.subresource, intent.now)
    before = live or {"metadata": {}}
    managers = managers_of(before)
    if live and not managers:
        found = frozenset(fields(resource.schema.tree, live))
        managers = (Manager("before-first-apply", "Update", resource.kind.api_version, fields=found),)
    result = applied(resource.schema.tree, before, wanted, managers, writer)
    if result.conflicts and not force:
        raise apply_conflict(result.conflicts)
    if live is None:
        return created(resource, result.manifest, intent, uid, result.managers)
    return updated(resource, live, result.manifest, intent, result.managers)


def _refuse_other(resource: Resource, live: Manifest, manifest: Manifest) -> None:
    """Refuse what was meant for another object, or for this one as it was."""
    there, sent = live["metadata"], manifest["metadata"]
    if sent.get("uid") and sent["uid"] != there["uid"]:
        why = f"Precondition failed: UID in precondition: {sent['uid']}, UID in object meta: {there['uid']}"
        raise conflict(resource.kind, there["name"], why)
    if resource.is_custom and not sent.get("resourceVersion"):
        cause = Cause("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
        raise invalid(replace(resource.kind, kind=resource.kind.plural), there["name"], [cause])
    if sent.get("resourceVersion") and sent["resourceVersion"] != there["resourceVersion"]:
        why = "the object has been modified; please apply your changes to the latest version and try again"
        raise conflict(resource.kind, there["name"], why)


def _metadata_after(resource: Resource, live: Manifest, manifest: Manifest) -> Manifest:
    there, sent = live["metadata"], manifest["metadata"]
    if "deletionTimestamp" in there and set(sent.get("finalizers", ())) - set(there.get("finalizers", ())):
        message = "Forbidden: no new finalizers can be added if the object is being deleted"
        cause = Cause("metadata.finalizers", message)
        raise invalid(resource.kind, there["name"], [cause])
    fixed = (*SYSTEM_FIELDS, "name", "namespace", "generateName")
    free = {key: value for key, value in sent.items() if key not in fixed}
    return {key: value for key, value in there.items() if key in fixed} | free


def _owned(
    resource: Resource,
    old: Manifest,
    new: Manifest,
    intent: Intent,
    managers: tuple[Manager, ...] | None,
) -> Manifest:
    if managers is None and "uid" in old["metadata"] and "managedFields" not in old["metadata"]:
        return owned_by(new, ())
    if managers is None:
        tree = resource.schema.tree
        change = difference(fields(tree, old), fields(tree, new))
        writer = Manager(intent.manager, "Update", resource.kind.api_version, intent.subresource, intent.now)
        managers = after_update(managers_of(old), writer, change)
    return owned_by(new, managers)


def _completed(resource: Resource, manifest: Manifest, old: Manifest | None) -> Manifest:
    """`manifest` with defaults and derived fields. Raises ApiError 422 where it breaks a rule."""
    kind, name = resource.kind, str(manifest["metadata"].get("name", ""))
    defaulted = resource.schema.compacted(resource.schema.defaulted(manifest), resource.is_custom)
    found = [*_metadata_problems(resource, defaulted["metadata"]), *resource.schema.problems(defaulted, old)]
    mistyped = next((cause for cause in found if cause.reason == "FieldValueTypeInvalid"), None)
    if mistyped and not resource.is_custom:
        # Built-in kinds have types of their own, so that such an object cannot even be read.
        label = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'
        raise bad_request(f"{label}: json: {mistyped.field}: {mistyped.message}")
    if found:
        raise invalid(kind, name, found)
    # What a kind completes and checks by itself may rely on what the schema promises.
    complete = resource.behaviour.completed(defaulted)
    if found := list(resource.behaviour.problems(complete, old)):
        raise invalid(kind, name, found)
    return complete


def _metadata_problems(resource: Resource, metadata: Manifest) -> Iterator[Cause]:
    if not metadata.get("name"):
        message = "Required value: name or generateName is required"
        yield Cause("metadata.name", message)
    annotations = metadata.get("annotations")
    texts = chain.from_iterable(annotations.items()) if isinstance(annotations, dict) else ()
    if sum(len(str(text).encode()) for text in texts) > ANNOTATIONS_LIMIT_BYTES:
        message = f"Too long: may not be more than {ANNOTATIONS_LIMIT_BYTES} bytes"
        yield Cause("metadata.annotations", message)
    if not resource.is_custom:
        why = "name is neither a standard finalizer name nor is it fully qualified"
        for index, name in enumerate(metadata.get("finalizers") or ()):
            if "/" not in str(name) and name not in STANDARD_FINALIZERS:
                yield Cause(f"metadata.finalizers[{index}]", f'Invalid value: "{name}": {why}')
    owners = [item for item in _objects_in(metadata.get("ownerReferences")) if item.get("controller")]
    if len(owners) > 1:
        named = " and ".join(f"{item['kind']}/{item['name']}" for item in owners[:2])
        why = f'Only one reference can have Controller set to true. Found "true" in references for {named}'
        yield Cause("metadata.ownerReferences", f"Invalid value: {why}")


def _objects_in(items: Json) -> list[Manifest]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _content(resource: Resource, manifest: Manifest) -> bytes:
    """What the generation counts changes of."""
    apart = {"metadata", "status"} if resource.has_status else {"metadata"}
    return canonical({key: value for key, value in manifest.items() if key not in apart})
