import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';

import { type CountsFragment, RetryMessagesDocument } from '../../gql/graphql';
import { Confirm } from '../../parts/confirm';
import { counted } from '../../parts/format';
import { LeftOver } from '../../parts/left-over';
import { fromLocal, inHours, toLocal } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';

interface Given {
  mailing: { id: string; endAt: string; statistics: CountsFragment };
  onChange: () => void;
}

/** Failed messages go once more. */
export function Retry({ mailing, onChange }: Given) {
  const [asked, ask] = useState(false);
  const retry = useChange(RetryMessagesDocument);
  const { failed } = mailing.statistics;
  const over = new Date(mailing.endAt) <= new Date();
  if (!failed) return null;
  const run = async () => {
    const endAt = over ? fromLocal(toLocal(inHours(24))) : null;
    const done = await retry.run({ input: { mailingId: mailing.id, statuses: ['FAILED'], endAt } });
    if (!done) return;
    tell.done(`${counted(done.count, 'message')} will be tried again`);
    ask(false);
    onChange();
  };
  return (
    <>
      <Button size="xs" variant="light" leftSection={<IconRefresh size={16} />} onClick={() => ask(true)}>
        Retry failed
      </Button>
      {asked && (
        <Confirm
          title="Retry what failed?"
          verb={`Retry ${counted(failed, 'message')}`}
          busy={retry.busy}
          onClose={() => ask(false)}
          onConfirm={run}
        >
          <LeftOver errors={retry.rest([])} />
          They go under their old ids, so that no provider takes one twice.
          {over && ' The mailing has ended; its messages get 24 hours more.'}
        </Confirm>
      )}
    </>
  );
}
