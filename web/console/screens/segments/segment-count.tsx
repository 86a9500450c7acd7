import { Button } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from 'urql';

import { AudienceCountDocument } from '../../gql/graphql';
import { counted } from '../../parts/format';

/** How many fit, asked only when wanted: a directory may be large. */
export function SegmentCount({ segment }: { segment: string }) {
  const [wanted, want] = useState(false);
  const [{ data, error, fetching }] = useQuery({
    query: AudienceCountDocument,
    variables: { filter: { segments: [segment] } },
    pause: !wanted,
  });
  if (wanted && data) return counted(data.audience.total, 'recipient');
  if (wanted && error) return 'not known just now';
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      loading={fetching}
      aria-label={`Count ${segment}`}
      onClick={() => want(true)}
    >
      Count
    </Button>
  );
}
