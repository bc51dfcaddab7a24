import type { RunSpec } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator'
import { isBinary, isUserFile } from '@chaosproxy/targets'
import type { Job } from '../jobs/job.ts'
import type { MeasuredCell } from './cell.ts'
import { cell } from './worker.ts'

/** One simulated run of a comparison. */
export const cellJob: Job<RunSpec, MeasuredCell | undefined> = {
  kind: 'cell',
  reads: ({ target, workload }) =>
    [target.name.replace(SIMULATED, ''), workload.name].filter(
      (reference) => isUserFile(reference) && !isBinary(reference),
    ),
  run: cell,
}
