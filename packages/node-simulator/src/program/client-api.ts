const PACKAGE = 'chaosproxy'
const MODULE = '\0client-api'

/** The part of the package that a client file needs. Other parts use modules that no simulated program may use. */
const SOURCE = `
export const defineClient = (module) => module
export class Refused extends Error { name = 'Refused' }
`

/** Provides client files with the names that they import from the package. */
export const clientApi = {
  name: 'client-api',
  resolveId: (id: string): string | null => (id === PACKAGE ? MODULE : null),
  load: (id: string): string | null => (id === MODULE ? SOURCE : null),
}
