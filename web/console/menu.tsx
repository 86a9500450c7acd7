import { NavLink } from '@mantine/core';
import { Link, useLocation } from 'wouter';

import type { Place } from './places';

export function Menu({ places, onChoose }: { places: Place[]; onChoose: () => void }) {
  const [location] = useLocation();
  return places.map(({ path, label, icon: Icon }) => {
    const here = path === '/' ? location === '/' : location.startsWith(path);
    return (
      <NavLink
        key={path}
        component={Link}
        href={path}
        label={label}
        leftSection={<Icon size={18} />}
        active={here}
        bdrs="md"
        aria-current={here ? 'page' : undefined}
        onClick={onChoose}
      />
    );
  });
}
