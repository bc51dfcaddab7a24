import { join } from 'node:path'
import { chaos, type Finished } from '../../../testing/src/chaos.ts'

/** The folder of a user, whose configuration adds one of everything. Nothing in it imports our sources. */
const folder = join(import.meta.dirname, 'added')

export const extended = (args: readonly string[]): Promise<Finished> => chaos(args, { cwd: folder })
