/** Pure: policy text to decision. */
export {};
