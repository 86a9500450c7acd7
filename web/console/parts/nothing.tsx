import { Button, EmptyState, Paper } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

interface Given {
  icon: ReactNode;
  title: string;
  /** What belongs here, and how it comes here. */
  children: string;
  to?: { href: string; label: string } | undefined;
  action?: ReactNode;
}

/** An empty state that teaches. */
export function Nothing({ icon, title, children, to, action }: Given) {
  return (
    <Paper withBorder p="xl">
      <EmptyState icon={icon} title={title} description={children} withIndicatorBackground>
        {(to || action) && (
          <EmptyState.Actions>
            {action}
            {to && (
              <Button component={Link} href={to.href} variant="light">
                {to.label}
              </Button>
            )}
          </EmptyState.Actions>
        )}
      </EmptyState>
    </Paper>
  );
}
