export { type Console, type ConsoleOptions, type FollowedRun, type Following, openConsole } from './console.ts'
