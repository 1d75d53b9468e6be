// Subscribes with the npm package graphql-ws as a chat UI does, and prints what it heard as JSON.
// node graphql_ws_client.cjs URL-OF-THE-RUNTIME
const { buildClientSchema, buildSchema, getIntrospectionQuery, parse, printSchema, validate } = require("graphql");
const { createClient } = require("graphql-ws");
const WebSocket = require("ws");

const http = process.argv[2];
const query = `subscription ask($agent: String, $conversationId: String!, $turnId: String,
    $userContext: UserContextInput!, $systemContext: [SystemContextEntryInput!]!, $messages: [MessageInput!]!) {
  agent(agentName: $agent, request: {
    conversationContext: { conversationId: $conversationId, turnId: $turnId }
    userContext: $userContext, systemContext: $systemContext, messages: $messages
  }) { __typename responseTime ...Said }
}
fragment Said on AgentResult { messages { content } }`;

const variables = (text, channel = "web") => ({
  conversationId: `conversation of ${text}`,
  turnId: "t1",
  userContext: { userId: "u1", profile: [] },
  systemContext: [
    { key: "tenantId", value: "acme" },
    { key: "channelId", value: channel },
  ],
  messages: [{ role: "user", content: text, format: "text" }],
});

async function heard(client, variables) {
  const results = [];
  try {
    for await (const result of client.iterate({ query, variables })) results.push(result.data.agent);
    return { results };
  } catch (errors) {
    return { results, errors };
  }
}

async function main() {
  let sockets = 0;
  let pongs = 0;
  const client = createClient({
    url: `${http.replace("http", "ws")}/subscriptions`,
    webSocketImpl: WebSocket,
    keepAlive: 20,
    retryAttempts: 0,
    lazyCloseTimeout: 1000,
    on: { connected: () => sockets++, pong: (received) => received && pongs++ },
  });
  const [bill, outage] = await Promise.all([
    heard(client, variables("show my bill please")),
    heard(client, variables("there is no signal")),
  ]);
  const refused = await heard(client, variables("hello", "nowhere"));
  while (!pongs) await new Promise((resolve) => setTimeout(resolve, 10));
  await client.dispose();
  const introspected = await fetch(`${http}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: getIntrospectionQuery(), operationName: "IntrospectionQuery" }),
  });
  const schema = buildClientSchema((await introspected.json()).data);
  const written = buildSchema(await (await fetch(`${http}/sdl`)).text());
  const same = printSchema(schema) === printSchema(written);
  const violations = validate(schema, parse(query)).map((error) => error.message);
  console.log(JSON.stringify({ bill, outage, refused, sockets, same, violations }));
}

main();
