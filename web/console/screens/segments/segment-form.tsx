import { useState } from 'react';

import { CreateSegmentDocument, type SegmentRowFragment, UpdateSegmentDocument } from '../../gql/graphql';
import { DrawerForm } from '../../parts/drawer-form';
import { newKey } from '../../parts/local-time';
import { tell } from '../../parts/tell';
import { TextFields, textsOf } from '../../parts/text-fields';
import { useChange } from '../../parts/use-change';
import { audience, chosenIn, LISTS, nobody } from '../compose/chosen';
import { Reach } from '../compose/reach';
import { Whom } from '../compose/whom';
import { NAMING } from '../groups/group-form';
import { Accepting, accepts, heardIn } from './accepting';

interface Given {
  /** Null makes a new one. */
  segment: SegmentRowFragment | null;
  onClose: () => void;
  onDone: () => void;
}

const FIELDS = [...NAMING.map((one) => one.name), 'filter'];
const SINGLE = LISTS.filter((name) => name !== 'segments');

export function SegmentForm({ segment, onClose, onDone }: Given) {
  const [texts, setTexts] = useState(() => textsOf(NAMING, segment));
  const [chosen, setChosen] = useState(() => (segment ? chosenIn(segment.filter) : nobody()));
  const [idempotencyKey] = useState(newKey);
  const create = useChange(CreateSegmentDocument);
  const update = useChange(UpdateSegmentDocument);
  const change = segment ? update : create;
  const [heard, setHeard] = useState(() => heardIn(segment?.filter.accepts));
  const meant = audience(chosen);
  const filter = { ...meant, accepts: accepts(heard) };
  const submit = async () => {
    const done = segment
      ? await update.run({ input: { ...texts, filter } })
      : await create.run({ input: { ...texts, filter, idempotencyKey } });
    if (!done) return;
    tell.done(segment ? `${texts.name} is changed` : `${texts.name} is made`);
    onClose();
    onDone();
  };
  return (
    <DrawerForm
      title={segment ? `Edit ${segment.name}` : 'New segment'}
      verb={segment ? 'Save' : 'Make the segment'}
      size="lg"
      busy={change.busy}
      errors={change.rest(FIELDS)}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextFields fields={NAMING} values={texts} stored={segment !== null} at={change.at} onChange={setTexts} />
      <Whom
        legend="Who fits"
        field="filter"
        lists={SINGLE}
        draft={chosen}
        change={(changed) => setChosen((known) => ({ ...known, ...changed }))}
        at={change.at}
      />
      <Accepting draft={heard} change={(changed) => setHeard((known) => ({ ...known, ...changed }))} at={change.at} />
      <Reach audience={meant && filter} />
    </DrawerForm>
  );
}
