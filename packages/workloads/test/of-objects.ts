import { type Workload, workloads } from '../src/index.ts'

/** The workloads of objects that protocols replicate. They are judged by levels of consistency. */
export const workloadsOfObjects: readonly Workload[] = workloads.filter(({ levels }) => levels.includes('linearizable'))
