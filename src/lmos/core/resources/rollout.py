"""The ChannelRollout: the stepwise move of a Channel's traffic from one Subset to another."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lmos.core.resources.conditions import Conditions
from lmos.core.resources.kinds import CHANNEL_ROLLOUT, Kind
from lmos.core.resources.model import Model, rule
from lmos.core.resources.resource import Resource

WHOLE_PERCENT = 100

ONE_STEP = "a step is exactly one of setWeight, pause and gate"
ONE_BOUND = "a gate has exactly one of max and maxIncrease"
WHOLE_TRAFFIC = "with steps, the weights of both Channels sum to 100"

_Decimal = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=32)]
_Percent = Annotated[int, Field(ge=0, le=WHOLE_PERCENT)]


class WeightedChannel(Model):
    """A Channel and its share of the traffic."""

    name: Annotated[str, Field(description="The name of a Channel in the same namespace.")] = ""
    weight: Annotated[int, Field(description="Its share of the traffic, in percent.")] = 0


class Pause(Model):
    """Waits; for ever unless a duration is given."""

    duration: Annotated[
        str | None,
        Field(
            description="How long, for example 10m or 1h30m; until `lmos rollout promote` if absent.",
            pattern=r"^([0-9]+(h|m|s))+$",
            max_length=32,
        ),
    ] = None


class GateStep(Model):
    """Holds until the gates have been measured on enough Turns."""

    min_turns: Annotated[int, Field(description="So many Turns on the canary.", ge=1)]


class RolloutStep(Model):
    """One step: exactly one of `setWeight`, `pause` and `gate`."""

    model_config = rule(
        "[has(self.setWeight), has(self.pause), has(self.gate)].exists_one(given, given)", ONE_STEP
    )

    set_weight: Annotated[_Percent | None, Field(description="Move the canary to this share.")] = None
    pause: Annotated[Pause | None, Field(description="Wait.")] = None
    gate: Annotated[GateStep | None, Field(description="Hold until the gates pass.")] = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if sum(part is not None for part in (self.set_weight, self.pause, self.gate)) != 1:
            raise ValueError(ONE_STEP)
        return self


class Gate(Model):
    """A bound on what is measured on live Turns: exactly one of `max` and `maxIncrease`."""

    model_config = rule("has(self.max) != has(self.maxIncrease)", ONE_BOUND)

    metric: Annotated[
        Literal["error-rate", "abstain-rate", "latency-p99-seconds"],
        Field(description="What is measured, on canary and stable alike."),
    ]
    max: Annotated[_Decimal | None, Field(description="The canary's value is at most this.")] = None
    max_increase: Annotated[
        _Decimal | None, Field(description="The canary's value is at most this far above stable's.")
    ] = None

    @model_validator(mode="after")
    def _is_one_bound(self) -> Self:
        if (self.max is None) == (self.max_increase is None):
            raise ValueError(ONE_BOUND)
        return self


class Canary(Model):
    """Two Channels that share the traffic, and the way from one to the other."""

    model_config = rule(
        "!has(self.steps) || "
        "(has(self.stableChannel) && has(self.stableChannel.weight) ? self.stableChannel.weight : 0) + "
        "(has(self.canaryChannel) && has(self.canaryChannel.weight) ? self.canaryChannel.weight : 0) == 100",
        WHOLE_TRAFFIC,
    )

    stable_channel: Annotated[WeightedChannel | None, Field(description="The Channel that serves now.")] = (
        None
    )
    canary_channel: Annotated[
        WeightedChannel | None, Field(description="The Channel that is to take over.")
    ] = None
    steps: Annotated[
        tuple[RolloutStep, ...] | None,
        Field(description="The way of the weights; without steps they stay as they are.", max_length=100),
    ] = None
    gates: Annotated[
        tuple[Gate, ...] | None,
        Field(description="Checked all the time while steps run.", max_length=20),
    ] = None
    on_failure: Annotated[
        Literal["abort"] | None, Field(description="abort (if absent): all traffic back to stable.")
    ] = None

    @model_validator(mode="after")
    def _starts_with_the_whole_traffic(self) -> Self:
        shares = [channel.weight for channel in (self.stable_channel, self.canary_channel) if channel]
        if self.steps is not None and sum(shares) != WHOLE_PERCENT:
            raise ValueError(WHOLE_TRAFFIC)
        return self


class RolloutStrategy(Model):
    """How the traffic moves."""

    canary: Annotated[Canary | None, Field(description="By weights.")] = None


class ChannelRolloutSpec(Model):
    """What a Rollout is asked to do."""

    strategy: Annotated[RolloutStrategy | None, Field(description="How the traffic moves.")] = None


class RolloutEvent(Model):
    """One thing that a Rollout did."""

    at: Annotated[datetime, Field(description="When.")]
    canary_weight: Annotated[_Percent, Field(description="The canary's share from then on.")]
    reason: Annotated[str, Field(description="Why, as one word for machines.", max_length=1024)]
    message: Annotated[str, Field(description="Why, as a sentence for people.", max_length=32768)] = ""


class ChannelRolloutStatus(Model):
    """How far a Rollout has come."""

    phase: Annotated[
        Literal["Progressing", "Paused", "Promoted", "Aborted"] | None, Field(description="Where it stands.")
    ] = None
    step_index: Annotated[int | None, Field(description="The current step, from 0.", ge=0)] = None
    step_started_at: Annotated[datetime | None, Field(description="Since when.")] = None
    canary_weight: Annotated[_Percent | None, Field(description="The canary's share now.")] = None
    history: Annotated[
        tuple[RolloutEvent, ...], Field(description="What it did, oldest first.", max_length=100)
    ] = ()
    conditions: Annotated[Conditions, Field(description="Accepted and Ready.")] = ()
    observed_generation: Annotated[
        int | None, Field(description="The generation that the status is about.", ge=0)
    ] = None


class ChannelRollout(Resource):
    """The stepwise move of a Channel's traffic from its stable Subset to a canary."""

    KIND: ClassVar[Kind] = CHANNEL_ROLLOUT

    spec: ChannelRolloutSpec = ChannelRolloutSpec()
    status: ChannelRolloutStatus | None = None
