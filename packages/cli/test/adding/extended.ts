import { join } from 'node:path'
import { chaos, type Finished } from '../../../testing/src/chaos.ts'

/** A user's folder, whose configuration adds one extension of each kind. Nothing in it imports our sources. */
const folder = join(import.meta.dirname, 'added')

export const extended = (args: readonly string[]): Promise<Finished> => chaos(args, { cwd: folder })
