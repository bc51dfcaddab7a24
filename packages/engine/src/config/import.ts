import { inputError } from '@chaosproxy/history'
import { importUserFile } from '@chaosproxy/targets/user-file'

/**
 * Returns the export of a configuration. This function also runs on a separate thread, so this module imports little.
 */
export async function importConfig(path: string): Promise<unknown> {
  const exported = await importUserFile(path)
  if (
    exported === undefined ||
    exported === null ||
    (typeof exported === 'object' && Object.keys(exported).length === 0)
  )
    throw inputError(`${path} exports nothing. ${REMEDY}`)
  if (isModule(exported)) {
    const names = Object.keys(exported).filter((name) => name !== 'default')
    const what = names.length === 0 ? 'nothing' : `${names.join(', ')}, but nothing as its default`
    throw inputError(`${path} exports ${what}. ${REMEDY}`)
  }
  return exported
}

const REMEDY = "Write: export default defineConfig({ target: 'raft' })"

/** Whether the import returned the whole module, because the file has no default export. */
const isModule = (exported: unknown): exported is object =>
  typeof exported === 'object' && exported !== null && '__esModule' in exported
