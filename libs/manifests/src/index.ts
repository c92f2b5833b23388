/** Renderers, read sets and the content-addressed render key. */
export {};
