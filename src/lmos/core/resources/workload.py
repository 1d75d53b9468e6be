"""Deployments and Services, as far as the discovery of Agents reads them."""

from typing import ClassVar

from pydantic import Field

from lmos.core.resources.kinds import DEPLOYMENT, SERVICE, Kind
from lmos.core.resources.labels import selects
from lmos.core.resources.metadata import Labels
from lmos.core.resources.model import Model
from lmos.core.resources.resource import Resource

DIRECTORY = "lmos.eclipse/directory"
"""On a Deployment and its Pods, for a local node: the folder in which the command is run."""
PORT = "lmos.eclipse/port"
"""On a Pod of a local node: where its process listens, which `PORT` in its environment said."""


class TemplateMetadata(Model):
    """The metadata that pods get."""

    labels: Labels = Field(default_factory=dict)


class PodTemplate(Model):
    """The template of a Deployment's pods."""

    metadata: TemplateMetadata = TemplateMetadata()


class DeploymentSpec(Model):
    """How many pods of which template."""

    replicas: int = 1
    template: PodTemplate = PodTemplate()


class DeploymentStatus(Model):
    """How far the Deployment has come; what is None was not reported."""

    observed_generation: int | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    available_replicas: int | None = None


class Deployment(Resource):
    """A workload that may be an Agent."""

    KIND: ClassVar[Kind] = DEPLOYMENT

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ServicePort(Model):
    """A port of a Service."""

    port: int
    name: str = ""
    app_protocol: str = ""


class ServiceSpec(Model):
    """Which pods a Service stands for, and on which ports."""

    selector: dict[str, str] = Field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()


class Service(Resource):
    """A name for the pods of a workload."""

    KIND: ClassVar[Kind] = SERVICE

    spec: ServiceSpec = ServiceSpec()

    def selects(self, deployment: Deployment) -> bool:
        """Whether it stands for the pods of `deployment`; a Service without a selector stands for none."""
        labels = deployment.spec.template.metadata.labels
        return self.namespace == deployment.namespace and selects(self.spec.selector, labels)
