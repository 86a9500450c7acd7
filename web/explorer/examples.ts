/** What the explorer opens with: one of each, ready to run. */

export const EXAMPLES: { query: string; variables?: string }[] = [
  {
    query: `# Press ▶ (or Ctrl-Enter). The book on the left has every type and field.
query Statistics {
  statistics {
    total
    byStatus { status count }
  }
  mailings(first: 10) {
    nodes { id name status startAt endAt statistics { total sent failed pending } }
  }
}
`,
  },
  {
    query: `# A bell: run this, then create a notification in the next tab.
subscription Bell($userId: ID!) {
  inboxEvents(userId: $userId) {
    __typename
    cursor
    unread
    ... on NotificationCreated { notification { id key title body data } }
  }
}
`,
    variables: `{ "userId": "65f0c3a1b2c3d4e5f6a7b8c9" }`,
  },
  {
    query: `mutation Notify($input: CreateNotificationInput!) {
  createNotification(input: $input) {
    notification { id timestamp key data }
    unread
    errors { field message code }
  }
}
`,
    variables: `{
  "input": {
    "userId": "65f0c3a1b2c3d4e5f6a7b8c9",
    "key": "new_message",
    "data": { "from": "Ada", "text": "Does your bell ring?" }
  }
}`,
  },
  {
    query: `mutation Mail($input: CreateMailingInput!) {
  createMailing(input: $input) {
    mailing { id status }
    errors { field message code }
  }
}
`,
    variables: `{
  "input": {
    "name": "Hello",
    "text": "Hello from the explorer",
    "startAt": "2026-01-01T00:00:00Z",
    "endAt": "2036-01-01T00:00:00Z",
    "audience": { "all": true }
  }
}`,
  },
];
