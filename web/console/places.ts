/** The screens, where they are, and who may see them. */

import {
  IconAddressBook,
  IconBan,
  IconBell,
  IconBellRinging,
  IconChartBar,
  IconFilter,
  IconKey,
  IconListSearch,
  IconMoodSad,
  IconPencil,
  IconRocket,
  IconSend,
  IconStack2,
  IconTemplate,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
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
  {
    path: '/sends',
    label: 'Sends',
    icon: IconRocket,
    screen: lazy(() => import('./screens/sends')),
    needs: 'READ_SENDS',
  },
  {
    path: '/clients',
    label: 'Clients',
    icon: IconUsers,
    screen: lazy(() => import('./screens/clients')),
    needs: 'READ_CLIENTS',
  },
  {
    path: '/groups',
    label: 'Groups',
    icon: IconUsersGroup,
    screen: lazy(() => import('./screens/groups')),
    needs: 'READ_CLIENTS',
  },
  {
    path: '/segments',
    label: 'Segments',
    icon: IconFilter,
    screen: lazy(() => import('./screens/segments')),
    needs: 'READ_CLIENTS',
  },
  {
    path: '/templates',
    label: 'Templates',
    icon: IconTemplate,
    screen: lazy(() => import('./screens/templates')),
    needs: 'READ_TEMPLATES',
  },
  {
    path: '/notifications',
    label: 'Notifications',
    icon: IconBell,
    screen: lazy(() => import('./screens/notifications')),
    needs: 'CREATE_NOTIFICATIONS',
  },
  {
    path: '/kinds',
    label: 'Kinds',
    icon: IconBellRinging,
    screen: lazy(() => import('./screens/kinds')),
    needs: 'READ_TEMPLATES',
  },
  {
    path: '/contacts',
    label: 'Contacts',
    icon: IconAddressBook,
    screen: lazy(() => import('./screens/contacts')),
    needs: 'KEEP_CONTACTS',
  },
  {
    path: '/failed',
    label: 'Failed messages',
    icon: IconMoodSad,
    screen: lazy(() => import('./screens/failed-messages')),
    needs: 'KEEP_CONTACTS',
  },
  {
    path: '/suppressions',
    label: 'Suppressions',
    icon: IconBan,
    screen: lazy(() => import('./screens/suppressions')),
    needs: 'READ_SUPPRESSIONS',
  },
  {
    path: '/queues',
    label: 'Queues and workers',
    icon: IconStack2,
    screen: lazy(() => import('./screens/queues')),
    needs: 'READ_STATISTICS',
  },
  {
    path: '/api-keys',
    label: 'API keys',
    icon: IconKey,
    screen: lazy(() => import('./screens/api-keys')),
    needs: 'MANAGE_API_KEYS',
  },
  {
    path: '/audit',
    label: 'Audit log',
    icon: IconListSearch,
    screen: lazy(() => import('./screens/audit')),
    needs: 'READ_AUDIT_LOG',
  },
];

export const TEMPLATE = lazy(() => import('./screens/template'));
export const GROUP = lazy(() => import('./screens/group'));
export const SEND = lazy(() => import('./screens/send'));
export const SENT = lazy(() => import('./screens/sent'));
export const MAILING = lazy(() => import('./screens/mailing'));
