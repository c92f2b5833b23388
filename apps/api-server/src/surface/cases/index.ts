/** All cases; a test compares the names with those of the contract. */
import type { CaseTable } from '../case.js';
import { accountCases } from './accounts.js';
import { applicationStateCases } from './application-state.js';
import { applicationCases } from './applications.js';
import { clusterCases, repositoryCases, templateCases } from './connections.js';
import { installationCases } from './installation.js';
import { applicationSetCases, projectCases } from './projects.js';

export const cases: CaseTable = {
  ...accountCases,
  ...applicationCases,
  ...applicationSetCases,
  ...applicationStateCases,
  ...clusterCases,
  ...installationCases,
  ...projectCases,
  ...repositoryCases,
  ...templateCases,
};
