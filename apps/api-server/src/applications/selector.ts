/** Label selectors of Kubernetes: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
import { ApiError } from '../errors.js';

type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels) => boolean;

const SET = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUALITY = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/;
const EXISTS = /^(!?)\s*([^\s!=,()]+)$/;

/** Throws `invalidArgument` on a selector that Kubernetes would refuse too. */
export function parseSelector(text: string): LabelMatcher {
  const requirements = text.trim() === '' ? [] : splitTopLevel(text).map((part) => requirementOf(part.trim()));
  return (labels) => requirements.every((matches) => matches(labels));
}

/** Commas inside parentheses belong to a set. */
function splitTopLevel(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/);
}

function requirementOf(part: string): LabelMatcher {
  const set = SET.exec(part);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    const inSet = (labels: Labels) => key in labels && values.has(labels[key] ?? '');
    return operator === 'in' ? inSet : (labels) => !inSet(labels);
  }
  const equality = EQUALITY.exec(part);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = EXISTS.exec(part);
  if (exists === null)
    throw new ApiError('invalidArgument', `"${part}" is not a label selector: write for example app=web`);
  const [, not, key = ''] = exists;
  return not === '!' ? (labels) => !(key in labels) : (labels) => key in labels;
}
