/** The screens, where they are, and who may see them. */

import { IconChartBar, IconPencil, IconSend } from '@tabler/icons-react';
import { type ComponentType, lazy } from 'react';

import type { Permission } from './may';

export interface Place {
  path: string;
  label: string;
  icon: ComponentType<{ size?: number }>;
  screen: ComponentType;
  needs: Permission;
}

export const PLACES: Place[] = [
  {
    path: '/',
    label: 'Overview',
    icon: IconChartBar,
    screen: lazy(() => import('./screens/overview')),
    needs: 'READ_STATISTICS',
  },
  {
    path: '/mailings',
    label: 'Mailings',
    icon: IconSend,
    screen: lazy(() => import('./screens/mailings')),
    needs: 'READ_MAILINGS',
  },
  {
    path: '/compose',
    label: 'Compose',
    icon: IconPencil,
    screen: lazy(() => import('./screens/compose')),
    needs: 'MANAGE_MAILINGS',
  },
];

export const MAILING = lazy(() => import('./screens/mailing'));
