import { builtEntry } from '../processes/entry.ts'

/** The words that run a Node program in JavaScript or TypeScript, which not every version of Node runs by itself. */
export const nodeProgram = (path: string): readonly [string, ...string[]] =>
  /\.[cm]?ts$/.test(path) ? [process.execPath, builtEntry('typescript'), path] : [process.execPath, path]
