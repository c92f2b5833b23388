/** Lines of a policy as Argo CD reads them. */
import { describe, expect, it } from 'vitest';
import { parsePolicy } from './index.js';

const problem = (severity: 'warning' | 'error', message: string) => ({
  ...{ rules: [], memberships: [] },
  problems: [{ line: 2, severity, message: expect.stringContaining(message) }],
});

describe('parsePolicy (F10)', () => {
  it.each([
    ['p, a, b, c, d', 'error', 'write it as "p, subject'],
    ['p, a, b, c, d, allow, more', 'error', 'write it as "p, subject'],
    ['g, a', 'error', 'write it as "g, member, role"'],
    ['x, a, b', 'error', 'neither p nor g'],
    ['p2, a, b, c, d, allow', 'error', 'neither p nor g'],
    ['p, "a, b, c, d, allow', 'error', 'quotes do not pair'],
    ['p, "a"x, b, c, d, allow', 'error', 'quotes do not pair'],
    ['p, a"x", b, c, d, allow', 'error', 'quotes do not pair'],
    ['p, a, b, c, d, maybe', 'warning', 'neither allow nor deny'],
    ['p, a, b, c, d, Allow', 'warning', 'neither allow nor deny'],
    ['p, , b, c, d, allow', 'warning', 'subject is empty'],
    ['g, , role:admin', 'warning', 'is empty'],
    ['g, ann,', 'warning', 'is empty'],
  ] as const)('the line %j has no effect: %s', (line, severity, message) => {
    expect(parsePolicy(`\n${line}`)).toEqual(problem(severity, message));
  });

  it('space before a field is dropped, space after it belongs to it, as with Go’s CSV reader', () => {
    const { rules, memberships } = parsePolicy('  p,a , b,"c ""d"", e",d/*,deny\ng, ann , role:x, ignored\n# g, x, y');
    expect(rules).toEqual([{ subject: 'a ', resource: 'b', action: 'c "d", e', object: 'd/*', effect: 'deny' }]);
    expect(memberships).toEqual([{ member: 'ann ', role: 'role:x' }]);
  });
});
