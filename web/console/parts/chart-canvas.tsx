import { getThemeColor, useComputedColorScheme, useMantineTheme } from '@mantine/core';
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as ChartJs,
  type ChartConfiguration,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import { useEffect, useRef } from 'react';

import type { Drawn } from './chart';

ChartJs.register(
  ...[BarController, BarElement, CategoryScale, Filler, Legend, LinearScale],
  ...[LineController, LineElement, PointElement, Tooltip],
);

export default function ChartCanvas(drawn: Drawn) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<ChartJs | null>(null);
  const theme = useMantineTheme();
  const dark = useComputedColorScheme('light') === 'dark';
  // Mantine's colours are variables, which a canvas does not know.
  const colour = (name: string) =>
    getComputedStyle(document.documentElement).getPropertyValue(getThemeColor(name, theme).slice(4, -1));

  useEffect(() => {
    const made = new ChartJs(canvas.current!, configuration(drawn, dark));
    chart.current = made;
    return () => made.destroy();
  }, [drawn.kind, dark]);

  useEffect(() => {
    const { current } = chart;
    if (!current) return;
    current.data = {
      labels: drawn.labels,
      datasets: drawn.series.map(({ label, color, colors, values }) => ({
        label,
        data: values,
        backgroundColor: drawn.kind === 'bar' ? (colors?.map(colour) ?? colour(color)) : `${colour(color)}33`,
        borderColor: colour(color),
        fill: drawn.kind === 'line',
      })),
    };
    current.update('none');
  });
  return <canvas ref={canvas} role="img" aria-label={`${drawn.title}; the same is there as a table`} />;
}

function configuration({ kind, series }: Drawn, dark: boolean): ChartConfiguration {
  const ink = dark ? '#c1c2c5' : '#495057';
  const grid = dark ? '#373a40' : '#e9ecef';
  const stacked = kind === 'bar' && series.length > 1;
  return {
    type: kind,
    data: { labels: [], datasets: [] },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      elements: { point: { radius: 0 }, line: { borderWidth: 2, cubicInterpolationMode: 'monotone' }, bar: { borderRadius: 3 } },
      datasets: { bar: { maxBarThickness: 40 } },
      plugins: { legend: { display: series.length > 1, labels: { color: ink, boxWidth: 12 }, position: 'bottom' } },
      scales: {
        x: { stacked, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } },
        y: { stacked, beginAtZero: true, ticks: { color: ink, precision: 0 }, grid: { color: grid } },
      },
    },
  };
}
