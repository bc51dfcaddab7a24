export { type FollowedRun, type Following, openConsole } from './console.ts'
export { openRunsConsole } from './runs.ts'
