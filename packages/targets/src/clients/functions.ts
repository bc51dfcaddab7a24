import { workloads } from '@chaosproxy/workloads'

/** What any workload that comes with this program asks. */
export const allFunctions: readonly string[] = [...new Set(workloads.flatMap(({ functions }) => functions))]
