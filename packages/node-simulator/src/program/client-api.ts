/** The package that a file of clients imports. */
const PACKAGE = 'chaosproxy'
const MODULE = '\0client-api'

/** The part of it that a file of clients needs. All of it would include modules that no simulated program may use. */
const SOURCE = `
export const defineClient = (module) => module
export class Refused extends Error { name = 'Refused' }
`

/** Provides files of clients with the two names that they use from our package. */
export const clientApi = {
  name: 'client-api',
  resolveId: (id: string): string | null => (id === PACKAGE ? MODULE : null),
  load: (id: string): string | null => (id === MODULE ? SOURCE : null),
}
