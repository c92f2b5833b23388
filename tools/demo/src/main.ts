/** `npm run demo`: a whole installation on this machine, the story, and then it stays up until Ctrl-C. */
import { parseArgs } from 'node:util';
import { login } from './api.js';
import { createNarrator } from './narrator.js';
import { type DemoSite, startSite } from './site.js';
import { tellStory } from './story.js';

const USAGE = `npm run demo [-- --once] [-- --use-kubeconfig]
  --once             exit after the story: 0, or 1 when a step failed or took more than 60 s
  --use-kubeconfig   use the cluster that KUBECONFIG names instead of starting one`;

function readOptions(): { readonly once: boolean; readonly useKubeconfig: boolean } {
  const options = {
    once: { type: 'boolean' },
    'use-kubeconfig': { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  return { once: values.once === true, useKubeconfig: values['use-kubeconfig'] === true };
}

/** Resolves with the first SIGINT or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function main(): Promise<number> {
  const { once, useKubeconfig } = readOptions();
  const narrator = createNarrator((text) => process.stdout.write(text));
  const stopAsked = interrupted();
  let site: DemoSite | undefined;
  try {
    site = await startSite(narrator, { useKubeconfig });
    const { installation, controlPlane, client, repository } = site;
    const api = await login(installation.apiUrl, installation.adminPassword, installation.webhookSecret);
    const story = tellStory({ controlPlane, client, api, repository, narrator, audited: !useKubeconfig });
    const ending = await Promise.race([
      story.then(() => 'told' as const),
      stopAsked.then(() => 'interrupted' as const),
    ]);
    if (ending === 'told' && !once) {
      narrator.say(
        `\nStill running; Ctrl-C ends it.\n  URL         ${installation.apiUrl}/swagger-ui\n  login       admin / ${installation.adminPassword}`,
      );
      narrator.say(`  kubeconfig  ${controlPlane.kubeconfigPath}\n  repository  ${repository.repository.url}`);
      await stopAsked;
    }
    return 0;
  } catch (error) {
    narrator.say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    if (site !== undefined) narrator.say(`${await applicationStatus(site)}\n${site.installation.logTails(30)}`);
    return 1;
  } finally {
    await site?.stop();
  }
}

/** What the Application says of itself, for whoever has to find out why the story stopped. */
async function applicationStatus({ client, installation }: DemoSite): Promise<string> {
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${installation.namespace}/applications/guestbook`;
  const app = await client.find<{ readonly operation?: unknown; readonly status?: unknown }>(path);
  return JSON.stringify({ operation: app?.operation, status: app?.status }, undefined, 2);
}

process.exit(await main());
