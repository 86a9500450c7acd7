import { createTheme, type CSSVariablesResolver } from '@mantine/core';

/** Its head is a <header>, which else passes for another banner of the page. */
const DIALOG = {
  closeButtonProps: { 'aria-label': 'Close' },
  attributes: { header: { role: 'presentation' } },
};

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  respectReducedMotion: true,
  defaultRadius: 'md',
  headings: { fontWeight: '650' },
  components: {
    Modal: { defaultProps: DIALOG },
    Drawer: { defaultProps: DIALOG },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, portalProps: { target: '#main' } } },
    Table: { defaultProps: { verticalSpacing: 'sm' } },
  },
});

/** Mantine's own greys and reds are too faint to be read by everyone (WCAG 2, 1.4.3). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#596068',
    '--mantine-color-placeholder': '#6b7178',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-red-outline': '#c92a2a',
    '--mantine-color-yellow-outline': '#8a5300',
    '--mantine-color-anchor': '#364fc7',
    '--belfry-ground': '#f6f7fa',
  },
  dark: {
    '--mantine-color-dimmed': '#a9adb3',
    '--mantine-color-placeholder': '#9a9ea4',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-red-outline': '#ff8787',
    '--mantine-color-yellow-outline': '#ffd43b',
    '--mantine-color-anchor': '#91a7ff',
    '--belfry-ground': '#1a1b1e',
  },
});
