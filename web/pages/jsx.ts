// What lets TypeScript know the tag: a project of your own has the same lines, with bell.d.ts beside it.
import type { BelfryBellElement, BellProps } from '../bell/bell';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'belfry-bell': BellProps & HTMLAttributes<BelfryBellElement> & RefAttributes<BelfryBellElement>;
    }
  }
}
