import { builtEntry } from './entry.ts'
import { vetFile } from './user-file/vet-file.ts'

/**
 * Says what is wrong with a user's protocol file: see `vetFile`. What it finds good can be loaded by `loadProtocol`.
 *
 * @throws UserError as `loadProtocol` does, and (input) where loading does not end, or ends everything.
 */
export const vetProtocol = (path: string): Promise<void> => vetFile(path, builtEntry('vetting'))
