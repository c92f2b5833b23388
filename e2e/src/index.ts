/** Black-box stories on the real control plane with the real services. */
export {};
