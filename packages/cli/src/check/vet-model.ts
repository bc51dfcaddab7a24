import { vetFile } from '@chaosproxy/targets/user-file'

/**
 * Says what is wrong with a user's model file: see `vetFile`.
 *
 * @throws UserError as `loadModel` does, and (input) where loading does not end, or ends everything.
 */
export const vetModel = (path: string): Promise<void> => vetFile(path, new URL('./vetting.js', import.meta.url))
