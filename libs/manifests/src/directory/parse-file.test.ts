import { describe, expect, it } from 'vitest';
import { parseFile } from './parse-file.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const WHOLE = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}';

describe('a YAML file with a broken document', () => {
  it.each([
    ['in YAML style', `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\nbroken: [\n`],
    ['in JSON style', `${WHOLE}\n---\n{"broken": [\n`],
    ['with blanks before the colons', `${WHOLE.replaceAll('":', '" :')}\n---\n{"broken": [\n`],
  ])('is an error when another document is a manifest %s: leaving it out would prune that object', async (_, text) => {
    await expect(parseFile('app/all.yaml', bytes(text))).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringContaining('app/all.yaml'),
    });
  });

  it('is left out with a warning when nothing in it looks like a manifest', async () => {
    const parsed = await parseFile('values.yaml', bytes('image: {{ .Values.image }\n  - x'));
    expect(parsed).toMatchObject({ manifests: [], warning: expect.stringContaining('values.yaml') });
  });
});
