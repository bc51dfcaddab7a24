import { readFileSync } from 'node:fs'

/** The name under which this program is published, and by which users' files import it. */
export const PACKAGE_NAME = 'chaosproxy'

/** Tells child processes and threads which module `PACKAGE_NAME` stands for. */
const VARIABLE = 'CHAOS_API'

/**
 * Lets users' files import this program by name, wherever it was started: Node would not find a global install in any
 * `node_modules`. It also keeps a file from loading another version than the one running.
 */
export function offerApi(module: URL): void {
  process.env[VARIABLE] = module.href
}

/** The modules that a user's file gets from this program instead of from `node_modules`. */
export async function modulesFor(file: string): Promise<{ [name: string]: unknown }> {
  const module = process.env[VARIABLE]
  if (module === undefined || !mayImportApi(readFileSync(file, 'utf8'))) return {}
  return { [PACKAGE_NAME]: await import(module) }
}

/** Loading the API takes as long as everything else, and most files import only its types. */
function mayImportApi(text: string): boolean {
  const values = text.replaceAll(/^\s*(?:import|export)\s+type\s[^;]*?from\s*['"][^'"]+['"]/gm, '')
  return values.includes(PACKAGE_NAME) || /(?:from|import|require)\s*\(?\s*['"]\.{1,2}\//.test(values)
}
