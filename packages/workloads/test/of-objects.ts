import { type Workload, workloads } from '../src/index.ts'

/** Those of objects that protocols replicate, judged by the levels of consistency. */
export const workloadsOfObjects: readonly Workload[] = workloads.filter(({ levels }) => levels.includes('linearizable'))
