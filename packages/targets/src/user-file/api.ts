import { readFileSync } from 'node:fs'

/** What this program is published as, and what users' files import it by. */
export const PACKAGE_NAME = 'chaosproxy'

/** Where the processes and threads that this one starts find the module that `PACKAGE_NAME` stands for. */
const VARIABLE = 'CHAOS_API'

/**
 * Lets users' files import this program by its name, from wherever it was started: a global install is in no
 * `node_modules` that Node would look into. It also keeps a file from loading another version of it than the one running.
 */
export function offerApi(module: URL): void {
  process.env[VARIABLE] = module.href
}

/** The modules that a user's file gets from us instead of from a `node_modules`. */
export async function modulesFor(file: string): Promise<{ [name: string]: unknown }> {
  const module = process.env[VARIABLE]
  if (module === undefined || !mayImportApi(readFileSync(file, 'utf8'))) return {}
  return { [PACKAGE_NAME]: await import(module) }
}

/** Loading it takes as long as all the rest, and most files import its types alone. */
function mayImportApi(text: string): boolean {
  const values = text.replaceAll(/^\s*(?:import|export)\s+type\s[^;]*?from\s*['"][^'"]+['"]/gm, '')
  return values.includes(PACKAGE_NAME) || /(?:from|import|require)\s*\(?\s*['"]\.{1,2}\//.test(values)
}
