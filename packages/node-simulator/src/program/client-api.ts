/** The package that a client file imports. */
const PACKAGE = 'chaosproxy'
const MODULE = '\0client-api'

/**
 * The part of the package that a client file needs. The whole package includes modules that no simulated program may
 * use.
 */
const SOURCE = `
export const defineClient = (module) => module
export class Refused extends Error { name = 'Refused' }
`

/** Provides client files with the two names that they import from the package. */
export const clientApi = {
  name: 'client-api',
  resolveId: (id: string): string | null => (id === PACKAGE ? MODULE : null),
  load: (id: string): string | null => (id === MODULE ? SOURCE : null),
}
