"""What the doors that only read show, as bodies whose schemas are in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from lmos.core.conversation import Message, TurnStatus
from lmos.core.conversation.wire import WireModel
from lmos.core.resources import ResolveStatus, Strategy


class ShownTurn(WireModel):
    """
    A Turn with the decision that sent it where it went; `seconds` from its message to its end.

    `messages` are those of the answer, where its words alone would lose something of it.
    """

    turn: str
    tenant: str
    channel: str
    conversation: str
    status: TurnStatus
    error: str | None
    failure: dict[str, Any] | None
    agent: str | None
    question: str
    answer: str | None
    messages: tuple[Message, ...]
    received_at: str
    seconds: float
    decision: dict[str, Any]


class ShownWords(WireModel):
    """Words of a message, and by how much probability, log odds and familiarity are lower without them."""

    words: str
    probability_fall: float
    log_odds_fall: float
    familiarity_fall: float


class ShownExample(WireModel):
    """An example of an Agent's Capability, and how similar it is to the message."""

    agent: str
    capability: str
    text: str
    similarity: float


class ShownExplanation(WireModel):
    """
    What mattered for where a Turn went.

    It is about the probability of `agent`, and told by `head`, another one than `decidedBy` where the Agents
    have changed since; `notes` say what limits it.
    """

    turn: str
    agent: str
    capability: str
    decided_by: str
    head: str
    read_with: str
    probability: float
    familiarity: float
    words: tuple[ShownWords, ...]
    examples: tuple[ShownExample, ...]
    notes: tuple[str, ...]


class ShownConversation(WireModel):
    """A Conversation of which at least one Turn was answered."""

    conversation: str
    subset: str
    agent: str | None
    turns: int
    last_turn_at: str


class ConversationPage(WireModel):
    """Conversations by id; `next` is None on the last page."""

    conversations: tuple[ShownConversation, ...]
    next: str | None


class TurnPage(WireModel):
    """
    Turns of a Conversation, the newest first; `next` is None on the last page.

    Files are named without their bytes, which reading the one Turn brings.
    """

    conversation: str
    turns: tuple[ShownTurn, ...]
    next: int | None


class ShownCapability(WireModel):
    """A Capability that an Agent provides to a Channel."""

    id: str
    name: str
    version: str
    description: str


class ShownAgent(WireModel):
    """An Agent of a Channel; `version` is the ChannelRouting's, as in the original."""

    id: str
    name: str
    version: str
    description: str
    capabilities: tuple[ShownCapability, ...]


class ChannelAgents(WireModel):
    """The Agents of a Channel in one Subset."""

    subset: str
    agents: tuple[ShownAgent, ...]


class AddressedCapability(ShownCapability):
    """A Capability with the original's field `subset`, which is always empty."""

    subset: str


class AgentAddress(WireModel):
    """Where an Agent answers."""

    protocol: str
    uri: str


class AddressedAgent(ShownAgent):
    """An Agent with its addresses."""

    capabilities: tuple[AddressedCapability, ...]
    addresses: tuple[AgentAddress, ...]


class ShownMetadata(WireModel):
    """Name and labels of an object."""

    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]


class ShownRequirement(WireModel):
    """A Capability that a Channel requires."""

    id: str
    name: str
    version: str
    strategy: Strategy


class ShownChannelSpec(WireModel):
    """What a Channel requires."""

    required_capabilities: tuple[ShownRequirement, ...]


class ShownChannelStatus(WireModel):
    """What became of it."""

    resolve_status: ResolveStatus
    unresolved_required_capabilities: tuple[ShownRequirement, ...]


class ShownChannel(WireModel):
    """A Channel in the original's fields."""

    api_version: str
    kind: str
    metadata: ShownMetadata
    spec: ShownChannelSpec
    status: ShownChannelStatus | None


class ShownRouting(WireModel):
    """A ChannelRouting; its `spec` is that of the resource."""

    api_version: str
    kind: str
    metadata: ShownMetadata
    spec: dict[str, Any]


class Health(WireModel):
    """Whether the process answers."""

    status: Literal["UP"]


class Readiness(WireModel):
    """Whether users can come; what is not read yet, and which ChannelRoutings are still being learned."""

    status: Literal["UP", "DOWN"]
    waiting_for: tuple[str, ...]
    learning: tuple[str, ...]
