/** The terminal story of `npm run demo`. */
export {};
