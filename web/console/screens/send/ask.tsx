import { Text } from '@mantine/core';

import { Confirm } from '../../parts/confirm';
import { counted } from '../../parts/format';
import { Moment } from '../../parts/moment';
import { fromLocal } from '../../parts/local-time';
import { toWhom } from '../sends/to-whom';
import type { Draft } from './draft';

interface Given {
  draft: Draft;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** The last question before it leaves. */
export function Ask({ draft, busy, onConfirm, onClose }: Given) {
  const { to, named, group, segment, all } = draft;
  const whom = toWhom({
    recipients: named.length,
    group: to === 'group' ? group : null,
    segment: to === 'segment' ? segment : null,
    all: to === 'all' ? all : null,
  });
  return (
    <Confirm
      title={draft.now ? 'Send it now?' : 'Send it later?'}
      verb={to === 'named' ? `Send to ${counted(named.length, 'recipient')}` : 'Send to all of them'}
      busy={busy}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <Text size="sm">
        {to === 'named' ? named.map((one) => one.label).join(', ') : whom}.{' '}
        {draft.now ? 'What has left can’t be taken back.' : <>It leaves <Moment at={fromLocal(draft.start)} />.</>}
      </Text>
    </Confirm>
  );
}
