import { Alert, List, Textarea } from '@mantine/core';
import { useState } from 'react';

import { AddToGroupDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { counted } from '../../parts/format';
import { tell } from '../../parts/tell';
import { useChange } from '../../parts/use-change';
import { listed, memberOf } from './member';

interface Given {
  group: string;
  onClose: () => void;
  onDone: () => void;
}

interface Mistake {
  said: string;
  message: string;
}

/** Many at once; those that are wrong stay in the field. */
export function AddMembers({ group, onClose, onDone }: Given) {
  const [text, setText] = useState('');
  const [mistakes, setMistakes] = useState<Mistake[]>([]);
  const add = useChange(AddToGroupDocument);
  const submit = async () => {
    const said = listed(text);
    const done = await add.run({ input: { group, members: said.map(memberOf) } });
    if (!done) return;
    const wrong = said.flatMap((one, at) => {
      const [first] = done.results[at]?.errors ?? [];
      return first ? [{ said: one, message: first.message }] : [];
    });
    const added = said.length - wrong.length;
    if (added) tell.done(`${counted(added, 'member')} added to ${group}`);
    onDone();
    setMistakes(wrong);
    setText(wrong.map((one) => one.said).join('\n'));
    if (!wrong.length) onClose();
  };
  return (
    <DrawerForm
      title={`Add to ${group}`}
      verb="Add them"
      busy={add.busy}
      errors={add.rest(['members'])}
      onSubmit={submit}
      onClose={onClose}
    >
      {mistakes.length > 0 && (
        <Alert color="red" variant="outline" role="alert" title="These were not added">
          <List size="sm">
            {mistakes.map((one) => (
              <List.Item key={one.said}>
                {one.said}: {one.message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Textarea
        label="Members"
        description="One a line, up to 1,000: a client's phone or e-mail address, or the id of a user"
        placeholder={'79991234567\nann@example.com'}
        required
        autosize
        minRows={6}
        maxRows={20}
        value={text}
        error={add.at('members')}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </DrawerForm>
  );
}
