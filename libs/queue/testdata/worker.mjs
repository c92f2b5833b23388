/**
 * A worker in a process of its own that never finishes the keys that begin with `hang`, to be killed in the middle.
 * Arguments: host, port, password, queue. Prints a line for each reconcile that starts.
 */
import { silentLogger } from '@tiphys/runtime';
import { createKeyedQueue, createReconcilerRunner } from '../src/index.ts';

const [host, port, password, name] = process.argv.slice(2);
const connection = { host, port: Number(port), password: () => password };
const queue = createKeyedQueue({ name, connection, log: silentLogger });
const runner = createReconcilerRunner(queue, {
  concurrency: 5,
  timing: { lockMs: 1_000, stalledCheckMs: 300 },
  reconcile: async (key) => {
    process.stdout.write(`started ${key}\n`);
    if (key.startsWith('hang')) await new Promise(() => undefined);
    return { kind: 'done' };
  },
});
await runner.start();
