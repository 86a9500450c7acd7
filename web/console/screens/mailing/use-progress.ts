import { useEffect, useRef } from 'react';
import { useSubscription } from 'urql';

import { type MailingStatus, ProgressDocument, type ProgressSubscription } from '../../gql/graphql';
import { useVisible } from '../../parts/use-visible';

export type Progress = ProgressSubscription['mailingProgress'];

/** The progress of a mailing while it can have one and someone looks. */
export function useProgress(id: string, status?: MailingStatus, onStatus?: () => void): Progress | undefined {
  const visible = useVisible();
  const pause = !visible || (status !== undefined && status !== 'RUNNING' && status !== 'PAUSED');
  const [{ data }] = useSubscription({ query: ProgressDocument, variables: { id }, pause });
  const live = data?.mailingProgress;
  const told = useRef(status);
  useEffect(() => {
    if (live && live.status !== (told.current ?? live.status)) onStatus?.();
    if (live) told.current = live.status;
  }, [live?.status]);
  useEffect(() => {
    if (status) told.current = status;
  }, [status]);
  // What the list says of a mailing that is over is newer than what was heard while it ran.
  return pause && status !== undefined && visible ? undefined : live;
}
