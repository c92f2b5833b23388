/** Image overrides as `kustomize edit set image` reads them (B16). */
import { GitOpsError } from '@tiphys/model';
import { records } from './kustomization.js';

export interface ImageOverride {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** `name=new:tag@digest`, `name:tag`, `name@digest`; `*` keeps what the kustomization has. @throws GitOpsError InvalidSpec without an override. */
export function parseImage(text: string): ImageOverride {
  const equals = text.indexOf('=');
  const { name, tag, digest } = splitImage(text.slice(equals + 1));
  if (name === text || text === '') {
    const next = 'Write name:tag, name@digest or name=other:tag.';
    throw new GitOpsError(
      'InvalidSpec',
      `"${text.slice(0, 200)}" in spec.source.kustomize.images is no override. ${next}`,
    );
  }
  const parts = { newTag: tag, digest };
  return equals < 0 ? { name, ...parts } : { name: text.slice(0, equals), newName: name, ...parts };
}

/** Overrides win over the entries of the same name; sorted by name. */
export function mergeImages(existing: unknown, overrides: readonly ImageOverride[]): readonly ImageOverride[] {
  const images = new Map(overrides.map((image) => [image.name, image]));
  const before = records(existing) as unknown as readonly ImageOverride[];
  for (const image of before) {
    const override = images.get(image.name);
    images.set(image.name, override === undefined ? image : keepStars(override, image));
  }
  return [...images.values()]
    .map((image) => withoutEmpty(keepStars(image, { name: image.name })))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function keepStars(image: ImageOverride, kept: ImageOverride): ImageOverride {
  const pick = (field: 'newName' | 'newTag' | 'digest'): string =>
    (image[field] === '*' ? kept[field] : image[field]) ?? '';
  return { ...image, newName: pick('newName'), newTag: pick('newTag'), digest: pick('digest') };
}

function withoutEmpty(image: ImageOverride): ImageOverride {
  return Object.fromEntries(Object.entries(image).filter(([, value]) => value !== '')) as unknown as ImageOverride;
}

interface ImageParts {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

/** A colon before the first slash belongs to the port of the host. */
function splitImage(text: string): ImageParts {
  const slash = Math.max(text.indexOf('/'), 0);
  const at = text.indexOf('@', slash);
  const colon = text.indexOf(':', slash);
  if (at < 0 && colon < 0) return { name: text, tag: '', digest: '' };
  if (at >= 0 && (colon < 0 || at < colon)) return { name: text.slice(0, at), tag: '', digest: text.slice(at + 1) };
  if (at < 0) return { name: text.slice(0, colon), tag: text.slice(colon + 1), digest: '' };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1, at), digest: text.slice(at + 1) };
}
