import { workloads } from '@chaosproxy/workloads'

/** The functions of all built-in workloads. */
export const allFunctions: readonly string[] = [...new Set(workloads.flatMap(({ functions }) => functions))]
