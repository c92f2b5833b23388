import { describe, expect, it } from 'vitest';
import { parseDeepLinks } from './deep-links.js';

describe('deep links of argocd-cm (P18)', () => {
  it('are read with all their fields, in their order', () => {
    const yaml = `
- url: https://a
  title: A
  description: about a
  icon.class: fa-book
  if: application.spec.project == "default"
- { url: https://b, title: B, if: true }
`;
    const { settings, problems } = parseDeepLinks({ 'application.links': yaml });
    expect([settings, problems]).toEqual([
      {
        application: [
          {
            ...{ title: 'A', url: 'https://a', description: 'about a', iconClass: 'fa-book' },
            condition: 'application.spec.project == "default"',
          },
          { title: 'B', url: 'https://b', condition: 'true' },
        ],
        ...{ resource: [], project: [] },
      },
      [],
    ]);
  });

  it.each([
    ['no list', 'a: b', /must be a YAML list/],
    ['an entry without a title', '- url: https://a', /entry 1 needs a title and a url/],
    ['an entry without a url', '- title: A', /entry 1 needs a title and a url/],
    ['a description that is no text', '- {title: A, url: b, description: [1]}', /all fields being texts/],
  ])('leave out %s and say so', (_, yaml, message) => {
    const { settings, problems } = parseDeepLinks({ 'project.links': yaml });
    expect(settings.project).toEqual([]);
    expect(problems).toEqual([{ key: 'project.links', message: expect.stringMatching(message) as string }]);
  });
});
