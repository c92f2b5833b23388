/** The simple templates of ApplicationSets (I18): `{{name}}` becomes the parameter of that name, everywhere in a value. */

/** What a generator says of one application: flat names such as `metadata.labels.env`, for simple templates. */
export type Params = Readonly<Record<string, unknown>>;

const PLACEHOLDER = /\{\{([\s\S]*?)\}\}/g;

/** Texts and the keys of objects are rendered. A placeholder without a text parameter stays as it is. */
export function renderValue<T>(value: T, params: Params): T {
  return render(value, params) as T;
}

export function renderText(text: string, params: Params): string {
  return text.replace(PLACEHOLDER, (whole: string, tag: string) => {
    const name = tag.trim();
    const replacement = Object.hasOwn(params, name) ? params[name] : undefined;
    return typeof replacement === 'string' ? replacement : whole;
  });
}

function render(value: unknown, params: Params): unknown {
  if (typeof value === 'string') return renderText(value, params);
  if (Array.isArray(value)) return value.map((item: unknown) => render(item, params));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [renderText(key, params), render(item, params)] as const);
  return Object.fromEntries(entries);
}
