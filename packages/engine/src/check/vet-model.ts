import { vetFile } from '@chaosproxy/targets/user-file'
import { builtFile } from '../built-file.ts'

/**
 * Loads a user's model as a trial: see `vetFile`.
 *
 * @throws UserError as `loadModel` does, and (input) if loading does not end, or ends the process.
 */
export const vetModel = (path: string): Promise<void> => vetFile(path, builtFile('model-vetting'))
