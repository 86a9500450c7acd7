import { notifications } from '@mantine/notifications';

/** Short words at the edge of the screen; also read out. */
export const tell = {
  done: (message: string) => notifications.show({ message, color: 'teal', closeButtonProps: CLOSE }),
  failure: ({ title, advice }: { title: string; advice: string }) =>
    notifications.show({ title, message: advice, color: 'red', autoClose: 10_000, closeButtonProps: CLOSE }),
};

const CLOSE = { 'aria-label': 'Dismiss' };
