/** Write options that follow from apply options. */
import { FIELD_MANAGER } from '@tiphys/model';
import type { WriteOptions } from '../ports.js';
import type { ApplyRequest } from './types.js';

/** Strict validation unless `Validate=false` (D21), as Argo CD. */
export function writeOptionsOf({ options, signal }: ApplyRequest): WriteOptions & { readonly fieldManager: string } {
  return {
    fieldManager: options.fieldManager ?? FIELD_MANAGER,
    fieldValidation: options.validate === false ? 'Ignore' : 'Strict',
    ...(options.dryRun === true ? { dryRun: true } : {}),
    signal,
  };
}
