"""Agents of which tests ask."""

from lmos.router import Roster, RosterAgent, RosterCapability

BILLS = (
    "how much is my bill",
    "show my bill please",
    "why is my bill so high this month",
    "what does my invoice say",
    "when is my bill due",
    "send my bill again",
    "is this bill right",
    "what is on my last bill",
    "explain my bill",
    "I want to see my bill",
    "my bill is wrong",
    "pay my bill",
)
FAULTS = (
    "my internet is down",
    "there is no signal",
    "the connection is broken",
    "is there an outage here",
    "the internet is slow",
    "no internet since yesterday",
    "my router shows no signal",
    "the line is dead",
    "I cannot connect to the internet",
    "the signal is weak here",
    "when is the outage over",
    "repair my connection",
)
ROSTER = Roster(
    "default/acme-web",
    (
        RosterAgent("billing", "Bills", (RosterCapability("view-bill", "Shows a bill", BILLS),)),
        RosterAgent("network", "Faults", (RosterCapability("report-fault", "Reports a fault", FAULTS),)),
    ),
)
