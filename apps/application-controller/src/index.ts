/** Refresh, compare, sync, delete: BullMQ workers and watches around the pure engine. */
export {};
