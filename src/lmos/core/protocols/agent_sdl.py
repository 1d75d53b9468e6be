"""
The schema of the agent protocol in GraphQL's own language, for clients that generate code from it.

Source:
    Contract arc §1.2. Of the inputs it asks for no more than is needed: the original wants `format`,
    `systemContext`, `userContext` and `profile` always.
"""

from __future__ import annotations

SDL = """\
type Query {
  "Who answers."
  agent: Agents!
}

type Subscription {
  "One Turn: remarks on the way to the answer, then the answer."
  agent(agentName: String, request: AgentRequestInput!): AgentResult!
}

type Agents {
  names: [String!]!
}

type AgentResult {
  status: String
  "Seconds; -1.0 if unknown."
  responseTime: Float!
  messages: [Message!]!
  anonymizationEntities: [AnonymizationEntity!]
  context: [ContextEntry!]
  toolCalls: [ToolCall!]
  type: AgentResultType
}

enum AgentResultType {
  MESSAGE
  INTERMEDIATE_MESSAGE
  EVENT
  ERROR
}

type Message {
  role: String!
  content: String!
  format: String!
  turnId: String
  binaryData: [BinaryData!]
}

type BinaryData {
  mimeType: String!
  dataAsBase64: String
  source: String
}

type AnonymizationEntity {
  type: String!
  value: String!
  replacement: String!
}

type ContextEntry {
  key: String!
  value: String!
}

type ToolCall {
  name: String!
  arguments: String!
}

input AgentRequestInput {
  messages: [MessageInput!]!
  conversationContext: ConversationContextInput!
  systemContext: [SystemContextEntryInput!]
  userContext: UserContextInput
}

input MessageInput {
  role: String!
  content: String!
  format: String
  turnId: String
  binaryData: [BinaryDataInput!]
}

input BinaryDataInput {
  mimeType: String!
  dataAsBase64: String
  source: String
}

input ConversationContextInput {
  conversationId: String!
  turnId: String
  anonymizationEntities: [AnonymizationEntityInput!]
}

input AnonymizationEntityInput {
  type: String!
  value: String!
  replacement: String!
}

input UserContextInput {
  userId: String
  userToken: String
  profile: [ProfileEntryInput!]
}

input ProfileEntryInput {
  key: String!
  value: String!
}

input SystemContextEntryInput {
  key: String!
  value: String!
}
"""
