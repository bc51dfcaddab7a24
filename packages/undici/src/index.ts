export { type DispatcherOptions, dispatcherThrough } from './dispatcher-through.ts'
