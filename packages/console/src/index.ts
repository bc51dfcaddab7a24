export { type FollowedRun, type Following, openConsole } from './console.ts'
