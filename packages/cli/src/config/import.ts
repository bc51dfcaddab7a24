import { UserError } from '@chaosproxy/history'
import { importUserFile } from '@chaosproxy/targets/user-file'

/** The export of a configuration file that is code. Loaded on a thread of its own as well, so it imports little. */
export async function importConfig(path: string): Promise<unknown> {
  const exported = await importUserFile(path)
  if (exported === undefined || exported === null || (typeof exported === 'object' && isEmpty(exported)))
    throw new UserError('input', `${path} exports nothing. Write: export default defineConfig({ target: 'raft' })`)
  return exported
}

const isEmpty = (exported: object): boolean => Object.keys(exported).length === 0
