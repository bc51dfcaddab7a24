import type { RunSpec } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import type { Job } from '../jobs/job.ts'
import { userFilesOf } from '../references/user-files.ts'
import type { MeasuredCell } from './cell.ts'
import { cell } from './worker.ts'

export const titleOf = ({ target, seed }: RunSpec): string =>
  `a run of ${target.name.replace(SIMULATED, '')} with seed ${seed}`

export const cellJob: Job<RunSpec, MeasuredCell | undefined> = {
  kind: 'cell',
  reads: ({ target, workload }) => userFilesOf(target.name.replace(SIMULATED, ''), workload.name),
  run: cell,
}
