import { environmentError } from '../../event/error.ts'

/**
 * Loads optional packages. The caller passes the `import`, so that they are found from the caller's own package.
 *
 * @throws UserError (environment) if they are not installed; `why` names what needs them.
 */
export async function loadOptional<Modules>(
  load: () => Promise<Modules>,
  { why, packages }: { readonly why: string; readonly packages: readonly string[] },
): Promise<Modules> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const them = packages.length === 1 ? 'it' : 'them'
    throw environmentError(`${why}. Install ${them} where chaos is installed: npm install ${packages.join(' ')}`)
  }
}
