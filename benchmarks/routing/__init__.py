"""How good and how fast the router is, in groupings, languages and sizes, beside other ways and a peer."""
