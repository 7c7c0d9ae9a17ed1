"""A pipeline as it is written: on the wire, in the editor and as YAML it is the same document."""

from typing import Annotated, Any, Literal

from pydantic import Field

from orch_app.domains.jobs.host_limit import HostLimit
from orch_app.domains.jobs.play_tags import Tags
from orch_app.domains.pipelines.graph import Edge, Node
from orch_app.kit.rest import CamelModel

MAX_STEPS = 100
StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Id = Annotated[str, Field(max_length=300)]


def no_inputs() -> dict[str, Any]:
    """The declaration of a pipeline that takes none."""
    return {"type": "object", "additionalProperties": False, "properties": {}}


class EdgeBody(CamelModel):
    """A step that comes before, and after which end of it this one runs."""

    step: Annotated[str, Field(max_length=40)]
    on: Literal["success", "failure", "always"] = "success"


class StepBody(CamelModel):
    """One runbook in the chain. Values of `inputs`, `hosts`, `connections` and `limit` may hold expressions."""

    id: StepId
    runbook: Annotated[str, Field(max_length=100)]
    needs: list[EdgeBody] = Field(default_factory=list, max_length=MAX_STEPS)
    join: Literal["all", "any"] = "all"
    inputs: dict[str, Any] = Field(default_factory=dict)
    hosts: Annotated[list[Id], Field(max_length=5_000)] | Id = Field(default_factory=list)
    connections: dict[Annotated[str, Field(max_length=64)], Id] = Field(default_factory=dict)
    tags: Tags = []
    skip_tags: Tags = []
    limit: HostLimit = ""
    environment: Literal["stage", "prod", ""] = ""


class PipelineBody(CamelModel):
    """A whole definition. `inputsSchema` is a JSON Schema, as a runbook has one."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    title: Annotated[str, Field(max_length=200)] = ""
    description: Annotated[str, Field(max_length=2_000)] = ""
    inputs_schema: dict[str, Any] = Field(default_factory=no_inputs)
    steps: list[StepBody] = Field(min_length=1, max_length=MAX_STEPS)

    def document(self) -> dict[str, Any]:
        """As it is stored and sent; what was left out is there with its default."""
        return self.model_dump(mode="json", by_alias=True)


def nodes_of(steps: list[StepBody]) -> list[Node]:
    """The steps as the graph sees them."""
    return [Node(step.id, tuple(Edge(edge.step, edge.on) for edge in step.needs), step.join) for step in steps]


def steps_of(document: dict[str, Any]) -> list[StepBody]:
    """The steps of a stored definition."""
    return [StepBody.model_validate(step) for step in document["steps"]]
