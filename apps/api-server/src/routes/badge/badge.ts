/** The status badge as SVG (A41), with the sizes, colours and element ids of Argo CD. Pure; every text is escaped. */
import type { HealthStatusCode, SyncStatusCode } from '@tiphys/model';

export interface BadgeFacts {
  readonly health: HealthStatusCode | 'Not Found';
  readonly sync: SyncStatusCode | undefined;
  /** Shown at the right: the commit. */
  readonly revision?: string;
  /** Shown above: the application. */
  readonly title?: string;
  /** Pixels, instead of the width that the texts need. */
  readonly width?: number;
}

const GREEN = '#18be52';
const PURPLE = '#b266ff';
const HEALTH_COLORS: Readonly<Record<BadgeFacts['health'], string>> = {
  Healthy: GREEN,
  Suspended: '#ccd6dd',
  Progressing: '#0dadea',
  Missing: PURPLE,
  Degraded: '#e96d76',
  Unknown: PURPLE,
  'Not Found': PURPLE,
};
const SYNC_COLORS: Readonly<Record<SyncStatusCode, string>> = { Synced: GREEN, OutOfSync: '#f4c030', Unknown: PURPLE };
const TITLE_COLOR = '#32393e';

const WIDTH = 131;
const LEFT_WIDTH = 77;
const WIDTH_WITH_REVISION = 192;
const WIDTH_WITH_FULL_REVISION = 400;
const SHORT_REVISION = 7;
const TITLE_WIDTH_PER_CHARACTER = 6;
const ROW = 20;

interface Cell {
  readonly id: string;
  readonly text: string;
  readonly color: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export function renderBadge(facts: BadgeFacts): string {
  const { title } = facts;
  const y = title === undefined ? 0 : ROW;
  const width = Math.max(widthOf(facts), (title?.length ?? 0) * TITLE_WIDTH_PER_CHARACTER);
  const cells: readonly Cell[] = [
    ...(title === undefined ? [] : [{ id: 'title', text: title, color: TITLE_COLOR, x: 0, y: 0, width }]),
    ...statusCells(facts, { y, width }),
  ];
  const height = y + ROW;
  const label = escapeXml(
    cells
      .map(({ text }) => text)
      .join(' ')
      .trim(),
  );
  const head = `<svg width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}">`;
  return `${head}<title>${label}</title>${cells.map(cellSvg).join('')}</svg>`;
}

/** `width` replaces whatever the texts need. */
function widthOf({ revision, width }: BadgeFacts): number {
  if (width !== undefined) return width;
  if (revision === undefined) return WIDTH;
  return revision.length <= SHORT_REVISION ? WIDTH_WITH_REVISION : WIDTH_WITH_FULL_REVISION;
}

function statusCells(
  { health, sync, revision }: BadgeFacts,
  { y, width }: { readonly y: number; readonly width: number },
): readonly Cell[] {
  const rightColor = sync === undefined ? PURPLE : SYNC_COLORS[sync];
  const rightWidth = Math.max(0, (revision === undefined ? width : Math.min(width, WIDTH)) - LEFT_WIDTH);
  const left = { id: 'left', text: health, color: HEALTH_COLORS[health], x: 0, y, width: LEFT_WIDTH };
  const right = { id: 'right', text: sync ?? '', color: rightColor, x: LEFT_WIDTH, y, width: rightWidth };
  if (revision === undefined) return [left, right];
  const text = `(${revision})`;
  return [left, right, { id: 'revision', text, color: rightColor, x: WIDTH, y, width: Math.max(0, width - WIDTH) }];
}

function cellSvg({ id, text, color, x, y, width }: Cell): string {
  const style = 'fill="#fff" font-family="DejaVu Sans,Verdana,Geneva,sans-serif" font-size="11" text-anchor="middle"';
  const box = `<rect id="${id}Rect" fill="${color}" x="${x}" y="${y}" width="${width}" height="${ROW}"/>`;
  return `${box}<text id="${id}Text" x="${x + width / 2}" y="${y + 14}" ${style}>${escapeXml(text)}</text>`;
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
