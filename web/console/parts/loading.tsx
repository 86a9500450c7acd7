import { Skeleton, Stack } from '@mantine/core';

export function Loading() {
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton h={32} w={220} />
      <Skeleton h={120} />
      <Skeleton h={240} />
    </Stack>
  );
}
