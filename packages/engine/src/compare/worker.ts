import type { RunSpec } from '@chaosproxy/runner'
import { type MeasuredCell, measureCell } from './cell.ts'

/** On a thread: one simulated run of a comparison. */
export const cell = ({ spec }: { readonly spec: RunSpec }): Promise<MeasuredCell | undefined> => measureCell(spec)
