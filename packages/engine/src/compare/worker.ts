import type { RunSpec } from '@chaosproxy/runner'
import type { Task } from '../jobs/job.ts'
import { type MeasuredCell, measureCell } from './cell.ts'

export const cell = ({ spec }: Task<RunSpec>): Promise<MeasuredCell | undefined> => measureCell(spec)
