import { builtEntry } from './entry.ts'
import { vetFile } from './user-file/vet-file.ts'

/**
 * Reports what is wrong with a user's protocol file: see `vetFile`. A file that passes can be loaded by `loadProtocol`.
 *
 * @throws UserError as `loadProtocol` does, and (input) if loading does not end or ends the thread.
 */
export const vetProtocol = (path: string): Promise<void> => vetFile(path, builtEntry('vetting'))
