/** Small charts, one for each set: the wrong served across, the right served upwards; a line for each way to decide. */
import type { CurvePoint } from './cache.ts';

const width = 240;
const height = 170;
const perRow = 3;
const margin = { left: 38, top: 26, right: 10, bottom: 30 };
const colours: Readonly<Record<string, string>> = {
  verified: '#0b6e4f',
  'MiniLM alone': '#b23a48',
  'plain guards': '#8a6d1d',
};

/** One SVG document. */
export function drawCurves(points: readonly CurvePoint[]): string {
  const sets = [...new Set(points.map(({ set }) => set))];
  const rows = Math.ceil(sets.length / perRow);
  const charts = sets.map((set, i) => {
    const x = (i % perRow) * width;
    const y = 24 + Math.floor(i / perRow) * height;
    return `<g transform="translate(${x} ${y})">${chart(
      set,
      points.filter((point) => point.set === set),
    )}</g>`;
  });
  const legend = Object.entries(colours).map(
    ([name, colour], i) =>
      `<rect x="${10 + i * 130}" y="6" width="12" height="12" fill="${colour}"/><text x="${27 + i * 130}" y="16">${name}</text>`,
  );
  const size = [width * Math.min(perRow, sets.length), 24 + rows * height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size[0]} ${size[1]}" font-family="sans-serif" font-size="10" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${legend.join('')}${charts.join('')}</svg>\n`;
}

function chart(set: string, points: readonly CurvePoint[]): string {
  const most = niceTop(Math.max(...points.map(({ wrong }) => wrong)));
  const top = niceTop(Math.max(...points.map(({ right }) => right)));
  const toX = (wrong: number) => margin.left + (wrong / most) * (width - margin.left - margin.right);
  const toY = (right: number) => height - margin.bottom - (right / top) * (height - margin.top - margin.bottom);
  const lines = Object.entries(colours).map(([decider, colour]) => {
    const own = points.filter((point) => point.decider === decider).sort((a, b) => a.right - b.right);
    const path = own.map(({ wrong, right }) => `${toX(wrong).toFixed(1)},${toY(right).toFixed(1)}`).join(' ');
    const chosen = own.find(({ at }) => decider === 'verified' && at === 0.01);
    const mark = chosen
      ? `<circle cx="${toX(chosen.wrong).toFixed(1)}" cy="${toY(chosen.right).toFixed(1)}" r="4" fill="${colour}"/>`
      : '';
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${mark}`;
  });
  const ticks = [0, 0.5, 1].map(
    (share) =>
      `<text x="${toX(share * most)}" y="${height - margin.bottom + 12}" text-anchor="middle">${percent(share * most)}</text><text x="${margin.left - 4}" y="${toY(share * top) + 3}" text-anchor="end">${percent(share * top)}</text>`,
  );
  const [x0, y0] = [toX(0), toY(0)];
  return `<text x="${margin.left}" y="14" font-weight="bold">${set}</text><path d="M${x0} ${toY(top)}V${y0}H${toX(most)}" fill="none" stroke="#999"/>${ticks.join('')}<text x="${toX(most)}" y="${height - 6}" text-anchor="end" fill="#666">wrong served</text>${lines.join('')}`;
}

function niceTop(value: number): number {
  for (const top of [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5]) if (value <= top) return top;
  return 1;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
