import { useState } from 'react';
import { useLocation } from 'wouter';

import { CreateGroupDocument, type GroupRowFragment, UpdateGroupDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { newKey } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { TextFields, textsOf } from '../../parts/text-fields';
import { useChange } from '../../parts/use-change';

interface Given {
  /** Null makes a new one. */
  group: GroupRowFragment | null;
  onClose: () => void;
  onDone: () => void;
}

/** Of groups and of segments. */
export const NAMING = [
  { name: 'name', label: 'Name', required: true, lasting: true, hint: 'Chosen by it; it never changes' },
  { name: 'title', label: 'Title', hint: 'One line for people' },
  { name: 'description', label: 'Description', hint: 'Who is meant, and why', long: true },
] as const;

export function GroupForm({ group, onClose, onDone }: Given) {
  const [, go] = useLocation();
  const [texts, setTexts] = useState(() => textsOf(NAMING, group));
  const [idempotencyKey] = useState(newKey);
  const create = useChange(CreateGroupDocument);
  const update = useChange(UpdateGroupDocument);
  const change = group ? update : create;
  const submit = async () => {
    const done = group
      ? await update.run({ input: texts })
      : await create.run({ input: { ...texts, idempotencyKey } });
    if (!done) return;
    tell.done(group ? `${texts.name} is changed` : `${texts.name} is made; now add its members`);
    onClose();
    if (group) onDone();
    else go(`/groups/${encodeURIComponent(texts.name)}`);
  };
  return (
    <DrawerForm
      title={group ? `Edit ${group.name}` : 'New group'}
      verb={group ? 'Save' : 'Make the group'}
      busy={change.busy}
      errors={change.rest(NAMING.map((one) => one.name))}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextFields fields={NAMING} values={texts} stored={group !== null} at={change.at} onChange={setTexts} />
    </DrawerForm>
  );
}
