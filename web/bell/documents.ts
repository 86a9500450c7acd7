/** What the bell asks of the API. */

const SHOWN = 'id seq cursor isNew isArchived timestamp key targetId title body data';

export const PAGE = `query BellPage($userId: ID!, $after: String, $unread: Boolean) {
  inbox(userId: $userId) {
    unread seq headCursor
    notifications(first: 20, after: $after, filter: { unread: $unread }) {
      nodes { ${SHOWN} }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

export const EVENTS = `subscription BellEvents($userId: ID!, $after: String) {
  inboxEvents(userId: $userId, after: $after) {
    __typename cursor seq unread droppedUpTo replayed
    ... on NotificationCreated { notification { ${SHOWN} } }
    ... on NotificationUpdated { notification { ${SHOWN} } }
    ... on NotificationArchived { notification { ${SHOWN} } }
    ... on NotificationUnarchived { notification { ${SHOWN} } }
    ... on NotificationsRead { notifications { ${SHOWN} } }
    ... on NotificationRetracted { notificationId }
  }
}`;

const ERRORS = 'errors { field message code }';

export const READ = `mutation BellRead($id: ID!) {
  done: markNotificationRead(input: { id: $id }) { ${ERRORS} }
}`;

export const READ_UP_TO = `mutation BellReadUpTo($userId: ID!, $upTo: String!) {
  done: markNotificationsRead(input: { userId: $userId, upTo: $upTo }) { ${ERRORS} }
}`;

export const ARCHIVE = `mutation BellArchive($id: ID!) {
  done: archiveNotification(input: { id: $id }) { ${ERRORS} }
}`;
