import { environmentError } from '../../event/error.ts'

/**
 * Loads packages that are installed only where they are used. The importing file is the caller's, so that its own package
 * finds them.
 *
 * @throws UserError (environment) if they are not installed: `why` says what needs them.
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
