/** The answer to a revision question, chosen from the refs that a host listed. Pure. */
import { maxTagInRange } from '@tiphys/model/versions';
import type { GitRef } from '../ports.js';
import type { RevisionQuestion } from './question.js';

/** What a host says about its refs. */
export interface RefListing {
  /** Peeled: an annotated tag is listed with its commit. */
  readonly refs: readonly GitRef[];
  /** The branch that HEAD names, where the host tells. */
  readonly headRef: string | undefined;
}

export interface RevisionAnswer {
  readonly commit: string;
  readonly ref: string | undefined;
  /** Object id of the annotated tag that the ref names. */
  readonly tag?: string;
}

/** Undefined when no ref answers the question. */
export function answerQuestion(question: RevisionQuestion, listing: RefListing): RevisionAnswer | undefined {
  switch (question.kind) {
    case 'commit':
      return { commit: question.commit, ref: undefined };
    case 'head':
      return answerHead(listing);
    case 'range': {
      const tags = listing.refs.filter(({ name }) => name.startsWith(TAGS)).map(({ name }) => name.slice(TAGS.length));
      const tag = maxTagInRange(question.range, tags, question.tagPrefix);
      return tag === undefined ? undefined : find(listing, TAGS + tag);
    }
    case 'name':
      for (const name of question.refs) {
        const found = find(listing, name);
        if (found !== undefined) return found;
      }
      return undefined;
  }
}

const TAGS = 'refs/tags/';

function answerHead(listing: RefListing): RevisionAnswer | undefined {
  const branch = listing.headRef === undefined ? undefined : find(listing, listing.headRef);
  return branch ?? find(listing, 'HEAD');
}

function find(listing: RefListing, name: string): RevisionAnswer | undefined {
  const ref = listing.refs.find((candidate) => candidate.name === name);
  if (ref === undefined) return undefined;
  return { commit: ref.commit, ref: name, ...(ref.tag === undefined ? {} : { tag: ref.tag }) };
}

/** One line of an advertisement: tags come twice, once as the tag object and once peeled with `^{}`. */
export interface AdvertisedRef {
  readonly name: string;
  readonly oid: string;
}

/** Merges peeled lines into their refs. */
export function peelRefs(advertised: readonly AdvertisedRef[]): readonly GitRef[] {
  const own = new Map<string, string>();
  const peeled = new Map<string, string>();
  for (const { name, oid } of advertised) {
    if (name.endsWith('^{}')) peeled.set(name.slice(0, -3), oid);
    else own.set(name, oid);
  }
  return [...new Set([...own.keys(), ...peeled.keys()])].map((name) => {
    const [oid = '', commit] = [own.get(name), peeled.get(name)];
    return commit === undefined ? { name, commit: oid } : { name, commit, ...(oid === '' ? {} : { tag: oid }) };
  });
}
