/** The status badge as SVG (A41). Pure; every text is escaped. */
import type { HealthStatusCode, SyncStatusCode } from '@tiphys/model';

export interface BadgeFacts {
  readonly health: HealthStatusCode | 'Not Found' | 'Project Not Found';
  readonly sync: SyncStatusCode | undefined;
  /** Shown at the right: the commit. */
  readonly revision?: string;
  /** Shown above: the application. */
  readonly title?: string;
  /** Width in pixels of the whole image; the height follows. */
  readonly width?: number;
}

const HEALTH_COLORS: Readonly<Record<BadgeFacts['health'], string>> = {
  Healthy: '#18be52',
  Suspended: '#766f94',
  Progressing: '#0dadea',
  Missing: '#f4c030',
  Degraded: '#e96d76',
  Unknown: '#808080',
  'Not Found': '#808080',
  'Project Not Found': '#808080',
};
const SYNC_COLORS: Readonly<Record<SyncStatusCode, string>> = {
  Synced: '#18be52',
  OutOfSync: '#f4c030',
  Unknown: '#808080',
};
const CHARACTER_WIDTH = 7;
const PADDING = 20;
const ROW = 20;

interface Cell {
  readonly text: string;
  readonly color: string;
}

export function renderBadge(facts: BadgeFacts): string {
  const cells: readonly Cell[] = [
    { text: facts.health, color: HEALTH_COLORS[facts.health] },
    ...(facts.sync === undefined ? [] : [{ text: facts.sync, color: SYNC_COLORS[facts.sync] }]),
    ...(facts.revision === undefined ? [] : [{ text: `(${facts.revision})`, color: '#4d4d4d' }]),
  ];
  const widths = cells.map(({ text }) => text.length * CHARACTER_WIDTH + PADDING);
  const total = Math.max(sum(widths), (facts.title?.length ?? 0) * CHARACTER_WIDTH + PADDING);
  const top = facts.title === undefined ? 0 : ROW;
  const height = top + ROW;
  const parts = cells.map((cell, index) =>
    cellSvg(cell, { x: sum(widths.slice(0, index)), y: top, width: widths[index] ?? 0 }),
  );
  const title =
    facts.title === undefined ? '' : cellSvg({ text: facts.title, color: '#32393e' }, { x: 0, y: 0, width: total });
  const size =
    facts.width === undefined
      ? `width="${total}" height="${height}"`
      : `width="${facts.width}" height="${Math.round((facts.width * height) / total)}"`;
  const label = escapeXml(cells.map(({ text }) => text).join(' '));
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${total} ${height}" role="img" aria-label="${label}"><title>${label}</title>${title}${parts.join('')}</svg>`;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function cellSvg({ text, color }: Cell, { x, y, width }: Place): string {
  const style = 'fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" text-anchor="middle"';
  const box = `<rect x="${x}" y="${y}" width="${width}" height="${ROW}" fill="${color}"/>`;
  return `${box}<text x="${x + width / 2}" y="${y + 14}" ${style}>${escapeXml(text)}</text>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
