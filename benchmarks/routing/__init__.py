"""How good the router is: CLINC150 by itself and in other groupings of Agents."""
