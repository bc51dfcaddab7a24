import type { Scenario } from '@chaosproxy/runner'
import type { SearchResult, SeedFailure } from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'
import type { Job } from '../jobs/job.ts'
import { userFilesOf } from '../references/user-files.ts'
import type { SimulatedPlay } from '../worlds/play.ts'
import type { Simulated, SimulateSpec } from '../worlds/simulated-run.ts'
import type { SubjectName } from '../worlds/subject-name.ts'
import * as worker from './worker.ts'

const filesOf = ({ subject: { target, workload } }: { readonly subject: SubjectName }): readonly string[] =>
  userFilesOf(target, workload)

export const seedsJob: Job<worker.SeedsSpec, SearchResult> = { kind: 'search', reads: filesOf, run: worker.search }

export const minimiseJob: Job<worker.MinimiseSpec, Scenario | undefined> = {
  kind: 'minimiseFinding',
  reads: filesOf,
  run: worker.minimiseFinding,
}

/** Searches for a violation that clients observe. The search begins with a run in which an invariant was broken. */
export const guideJob: Job<worker.GuideSpec, SeedFailure | undefined> = {
  kind: 'guideFinding',
  reads: filesOf,
  run: worker.guideFinding,
}

export const playJob: Job<worker.PlaySpec, SimulatedPlay> = { kind: 'play', reads: filesOf, run: worker.play }

export const simulateJob: Job<SimulateSpec, Simulated> = {
  kind: 'simulateRun',
  reads: ({ spec: { target, workload } }) => userFilesOf(target.name.slice(SIMULATED.length), workload.name),
  run: worker.simulateRun,
}
