import { builtEntry } from '../processes/entry.ts'

/** Returns the command that runs a Node program. Not every version of Node runs TypeScript by itself. */
export const nodeProgram = (path: string): readonly [string, ...string[]] =>
  /\.[cm]?ts$/.test(path) ? [process.execPath, builtEntry('typescript'), path] : [process.execPath, path]
