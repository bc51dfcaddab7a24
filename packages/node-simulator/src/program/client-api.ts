/** The package that a file of clients imports. */
const PACKAGE = 'chaosproxy'
const MODULE = '\0client-api'

/** What a file of clients needs of it. All of it would bring what no simulated program may use. */
const SOURCE = `
export const defineClient = (module) => module
export class Refused extends Error { name = 'Refused' }
`

/** Gives files of clients the two names that they use of our package. */
export const clientApi = {
  name: 'client-api',
  resolveId: (id: string): string | null => (id === PACKAGE ? MODULE : null),
  load: (id: string): string | null => (id === MODULE ? SOURCE : null),
}
