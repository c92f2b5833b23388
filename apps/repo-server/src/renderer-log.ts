/** Tells operators when renders are slower, or less sealed, than they could be. */
import type { RendererStartReport } from '@tiphys/manifests';
import type { Logger } from '@tiphys/runtime';

const PARTS = ['files', 'network'] as const;
const WHY = {
  failed: 'the renderer of a tool does not start: its command line does the work, which is slower',
  otherVersion:
    'the renderer of a tool is of another version than the tool: the command line does the work, which is slower',
} as const;

/** Once for each tool: renderers come and go. */
export function rendererLog(log: Pick<Logger, 'debug' | 'warn'>): (start: RendererStartReport) => void {
  const told = new Set<string>();
  const once = (key: string, message: string, fields: Readonly<Record<string, unknown>>): void => {
    if (told.has(key)) return;
    told.add(key);
    log.warn(message, fields);
  };
  return (start) => {
    const { tool } = start;
    if (start.outcome !== 'used') return once(`${tool} ${start.outcome}`, WHY[start.outcome], { tool });
    log.debug('renderer started', { tool, sealed: start.sealed });
    const open = PARTS.filter((part) => !start.sealed.includes(part));
    if (open.length > 0)
      once(`${tool} open`, 'the kernel cannot seal renderers; their other limits hold', { tool, open });
  };
}
