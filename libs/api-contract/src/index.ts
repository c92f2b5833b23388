/** REST routes as schemas with inferred types; OpenAPI is generated from them. */
export {};
