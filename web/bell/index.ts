import { BelfryBell } from './element';

// Two copies of the script on one page are one bell.
if (!customElements.get('belfry-bell')) customElements.define('belfry-bell', BelfryBell);

export { BelfryBell };
