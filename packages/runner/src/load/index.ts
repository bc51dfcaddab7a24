export { createClockBounds } from './clock-bounds.ts'
export { driveShare } from './drive-share.ts'
export type { LoadEntry } from './entry.ts'
export type { RemoteLoad } from './remote-load.ts'
